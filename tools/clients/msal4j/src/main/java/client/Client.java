package client;

import com.microsoft.aad.msal4j.ClientCredentialFactory;
import com.microsoft.aad.msal4j.ClientCredentialParameters;
import com.microsoft.aad.msal4j.ConfidentialClientApplication;
import com.microsoft.aad.msal4j.IAuthenticationResult;
import com.microsoft.aad.msal4j.IClientCredential;
import com.microsoft.aad.msal4j.MsalServiceException;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * Gets tokens with MSAL Java. What it is to use stands in the environment; each check that
 * passed is a line of JSON, and the exit code is 0 only if all passed.
 */
public final class Client {

    public static void main(String[] args) throws Exception {
        String scope = setting("SCOPE");
        var bySecret = application(ClientCredentialFactory.createFromSecret(setting("CLIENT_SECRET")));
        var byName = named(ClientCredentialFactory.createFromSecret(setting("CLIENT_SECRET")));
        gets("secret", byName, scope);
        gets("cached", byName, scope);
        gets("v1 API", bySecret, setting("SCOPE_V1"));
        gets("certificate", application(ClientCredentialFactory.createFromCertificate(
                privateKey(setting("CLIENT_KEY")), certificate(setting("CLIENT_CERTIFICATE")))), scope);
        gets("federated", application(ClientCredentialFactory.createFromClientAssertion(setting("CLIENT_ASSERTION"))), scope);
        refused("wrong secret", application(ClientCredentialFactory.createFromSecret("wrong")), scope);
        refused("unknown resource", bySecret, "api://nowhere/.default");
    }

    /** Instance discovery would ask Microsoft's own host. */
    private static ConfidentialClientApplication application(IClientCredential credential) throws Exception {
        return ConfidentialClientApplication.builder(setting("CLIENT_ID"), credential)
                .authority(setting("ISSUER") + "/" + setting("TENANT") + "/")
                .instanceDiscovery(false)
                .sslSocketFactory(trusting(setting("ISSUER_CA")))
                .build();
    }

    /** Tokens are looked for in the cache without the port, and so found only where there is none. */
    private static ConfidentialClientApplication named(IClientCredential credential) throws Exception {
        URI proxy = URI.create(setting("PROXY"));
        return ConfidentialClientApplication.builder(setting("CLIENT_ID"), credential)
                .authority(setting("ISSUER_NAMED") + "/" + setting("TENANT") + "/")
                .instanceDiscovery(false)
                .sslSocketFactory(trusting(setting("ISSUER_CA")))
                .proxy(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), proxy.getPort())))
                .build();
    }

    private static void gets(String check, ConfidentialClientApplication client, String scope) throws Exception {
        say(check, "token", acquire(client, scope).accessToken());
    }

    private static void refused(String check, ConfidentialClientApplication client, String scope) throws Exception {
        try {
            acquire(client, scope);
        } catch (ExecutionException | CompletionException wrapped) {
            if (wrapped.getCause() instanceof MsalServiceException refusal) {
                say(check, "error", refusal.getClass().getSimpleName(), "text", refusal.getMessage());
                return;
            }
            throw wrapped;
        }
        throw new IllegalStateException(check + ": not refused");
    }

    private static IAuthenticationResult acquire(ConfidentialClientApplication client, String scope) throws Exception {
        return client.acquireToken(ClientCredentialParameters.builder(Set.of(scope)).build()).get();
    }

    private static SSLSocketFactory trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("issuer", certificate(file));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    private static X509Certificate certificate(String file) throws Exception {
        try (var in = Files.newInputStream(Path.of(file))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static PrivateKey privateKey(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----", "");
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text)));
    }

    /** Prints a line of JSON: the check, and names with their values. */
    private static void say(String check, String... members) {
        StringBuilder line = new StringBuilder("{\"check\":").append(quoted(check));
        for (int i = 0; i < members.length; i += 2) {
            line.append(',').append(quoted(members[i])).append(':').append(quoted(members[i + 1]));
        }
        System.out.println(line.append('}'));
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r") + '"';
    }

    private static String setting(String name) {
        String text = System.getenv(name);
        if (text == null) {
            throw new IllegalStateException(name + " is not set");
        }
        return text;
    }
}
