package client;

import com.microsoft.aad.msal4j.MsalServiceException;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/** Lines of JSON: what was checked, and what a user is asked to do. */
final class Report {

    private static final BufferedReader ANSWERS = new BufferedReader(new InputStreamReader(System.in));

    private Report() {}

    static void token(String check, String token) {
        say("check", check, "token", token);
    }

    static void refused(String check, Callable<?> attempt) throws Exception {
        try {
            attempt.call();
        } catch (ExecutionException wrapped) {
            if (wrapped.getCause() instanceof MsalServiceException refusal) {
                say("check", check, "error", refusal.getClass().getSimpleName(), "text", refusal.getMessage());
                return;
            }
            throw wrapped;
        }
        throw new IllegalStateException(check + ": not refused");
    }

    static void enterCode(String url, String code) {
        say("ask", "enter a code", "url", url, "code", code);
    }

    /** Has the user sign in, and gives the URL at which they came out. */
    static String signIn(String url) throws IOException {
        say("ask", "sign in", "url", url);
        return ANSWERS.readLine();
    }

    private static void say(String... members) {
        StringBuilder line = new StringBuilder("{");
        for (int i = 0; i < members.length; i += 2) {
            line.append(i > 0 ? "," : "").append(quoted(members[i])).append(':').append(quoted(members[i + 1]));
        }
        System.out.println(line.append('}'));
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r") + '"';
    }
}
