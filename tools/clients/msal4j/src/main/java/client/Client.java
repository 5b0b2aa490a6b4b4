package client;

import com.microsoft.aad.msal4j.AuthorizationCodeParameters;
import com.microsoft.aad.msal4j.AuthorizationRequestUrlParameters;
import com.microsoft.aad.msal4j.ClientCredentialFactory;
import com.microsoft.aad.msal4j.ClientCredentialParameters;
import com.microsoft.aad.msal4j.ConfidentialClientApplication;
import com.microsoft.aad.msal4j.DeviceCodeFlowParameters;
import com.microsoft.aad.msal4j.IAuthenticationResult;
import com.microsoft.aad.msal4j.IClientCredential;
import com.microsoft.aad.msal4j.ManagedIdentityApplication;
import com.microsoft.aad.msal4j.ManagedIdentityId;
import com.microsoft.aad.msal4j.ManagedIdentityParameters;
import com.microsoft.aad.msal4j.OnBehalfOfParameters;
import com.microsoft.aad.msal4j.PublicClientApplication;
import com.microsoft.aad.msal4j.SilentParameters;
import com.microsoft.aad.msal4j.UserAssertion;
import com.microsoft.aad.msal4j.UserNamePasswordParameters;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Set;

/**
 * Gets tokens with MSAL Java. What it is to use stands in the environment; each check that
 * passed is a line of JSON, and the exit code is 0 only if all passed. Where a user is needed
 * it prints whom it asks to do what, and reads the answer.
 */
public final class Client {

    private static final String SCOPE = Settings.text("SCOPE");
    private static final Set<String> DELEGATED = Set.of(Settings.text("DELEGATED_SCOPE"));

    public static void main(String[] args) throws Exception {
        daemon();
        entraName();
        managedIdentity();
        password();
        onBehalfOf(code());
        deviceCode();
    }

    private static void daemon() throws Exception {
        var secret = ClientCredentialFactory.createFromSecret(Settings.text("CLIENT_SECRET"));
        var byName = named(secret);
        gets("secret", ask(byName, SCOPE));
        gets("cached", ask(byName, SCOPE));
        gets("v1 API", ask(application(secret), Settings.text("SCOPE_V1")));
        gets("certificate", ask(application(ClientCredentialFactory.createFromCertificate(
                Settings.privateKey("CLIENT_KEY"), Settings.certificate("CLIENT_CERTIFICATE"))), SCOPE));
        gets("federated", ask(application(ClientCredentialFactory.createFromClientAssertion(Settings.text("CLIENT_ASSERTION"))), SCOPE));
        Report.refused("wrong secret", () -> ask(application(ClientCredentialFactory.createFromSecret("wrong")), SCOPE));
        Report.refused("unknown resource", () -> ask(application(secret), "api://nowhere/.default"));
    }

    /** Nothing but the certificate and the way to it tell the issuer from Microsoft's own host. */
    private static void entraName() throws Exception {
        var client = ConfidentialClientApplication.builder(
                        Settings.text("CLIENT_ID"), ClientCredentialFactory.createFromSecret(Settings.text("CLIENT_SECRET")))
                .authority("https://login.microsoftonline.com/" + Settings.text("TENANT") + "/")
                .sslSocketFactory(Settings.trust())
                .proxy(Settings.proxy())
                .build();
        gets("under Entra's name", ask(client, SCOPE));
    }

    /** Where it runs stands in the environment: IDENTITY_ENDPOINT and IDENTITY_HEADER. */
    private static void managedIdentity() throws Exception {
        var machine = ManagedIdentityApplication.builder(ManagedIdentityId.systemAssigned()).build();
        gets("managed identity", machine.acquireTokenForManagedIdentity(
                ManagedIdentityParameters.builder(Settings.text("RESOURCE")).build()).get());
    }

    private static void password() throws Exception {
        var desktop = namedDesktop();
        var result = gets("password", byPassword(desktop, "PASSWORD"));
        var silently = SilentParameters.builder(DELEGATED, result.account());
        gets("cached user", desktop.acquireTokenSilently(silently.build()).get());
        gets("refreshed", desktop.acquireTokenSilently(silently.forceRefresh(true).build()).get());
        Report.refused("wrong password", () -> byPassword(desktop, "TENANT")); // which is none
    }

    private static IAuthenticationResult byPassword(PublicClientApplication desktop, String setting) throws Exception {
        return desktop.acquireToken(UserNamePasswordParameters.builder(
                DELEGATED, Settings.text("USERNAME"), Settings.text(setting).toCharArray()).build()).get();
    }

    private static void deviceCode() throws Exception {
        gets("device code", desktop().acquireToken(DeviceCodeFlowParameters.builder(
                DELEGATED, code -> Report.enterCode(code.verificationUri(), code.userCode())).build()).get());
    }

    private static String code() throws Exception {
        var web = application(ClientCredentialFactory.createFromSecret(Settings.text("CLIENT_SECRET")));
        String redirect = Settings.text("REDIRECT_URI");
        String verifier = "a-verifier-of-forty-three-characters-or-more-1";
        byte[] sum = MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII));
        var url = web.getAuthorizationRequestUrl(AuthorizationRequestUrlParameters.builder(redirect, DELEGATED)
                .codeChallenge(Base64.getUrlEncoder().withoutPadding().encodeToString(sum))
                .codeChallengeMethod("S256")
                .build());
        String back = Report.signIn(url.toString());
        return gets("code", web.acquireToken(AuthorizationCodeParameters.builder(Settings.parameter(back, "code"), new URI(redirect))
                .scopes(DELEGATED)
                .codeVerifier(verifier)
                .build()).get()).accessToken();
    }

    private static void onBehalfOf(String userToken) throws Exception {
        var api = ConfidentialClientApplication.builder(
                        Settings.text("API"), ClientCredentialFactory.createFromSecret(Settings.text("CLIENT_SECRET")))
                .authority(Settings.authority("ISSUER"))
                .instanceDiscovery(false)
                .sslSocketFactory(Settings.trust())
                .build();
        gets("on behalf of", api.acquireToken(OnBehalfOfParameters.builder(
                Set.of(Settings.text("DOWNSTREAM_SCOPE")), new UserAssertion(userToken)).build()).get());
    }

    private static IAuthenticationResult ask(ConfidentialClientApplication client, String scope) throws Exception {
        return client.acquireToken(ClientCredentialParameters.builder(Set.of(scope)).build()).get();
    }

    private static IAuthenticationResult gets(String check, IAuthenticationResult result) {
        Report.token(check, result.accessToken());
        return result;
    }

    /** Instance discovery would ask Microsoft's own host. */
    private static ConfidentialClientApplication application(IClientCredential credential) throws Exception {
        return ConfidentialClientApplication.builder(Settings.text("CLIENT_ID"), credential)
                .authority(Settings.authority("ISSUER"))
                .instanceDiscovery(false)
                .sslSocketFactory(Settings.trust())
                .build();
    }

    /** Tokens are looked for in the cache without the port, and so found only where there is none. */
    private static ConfidentialClientApplication named(IClientCredential credential) throws Exception {
        return ConfidentialClientApplication.builder(Settings.text("CLIENT_ID"), credential)
                .authority(Settings.authority("ISSUER_NAMED"))
                .instanceDiscovery(false)
                .sslSocketFactory(Settings.trust())
                .proxy(Settings.proxy())
                .build();
    }

    private static PublicClientApplication desktop() throws Exception {
        return PublicClientApplication.builder(Settings.text("PUBLIC_CLIENT_ID"))
                .authority(Settings.authority("ISSUER"))
                .instanceDiscovery(false)
                .sslSocketFactory(Settings.trust())
                .build();
    }

    private static PublicClientApplication namedDesktop() throws Exception {
        return PublicClientApplication.builder(Settings.text("PUBLIC_CLIENT_ID"))
                .authority(Settings.authority("ISSUER_NAMED"))
                .instanceDiscovery(false)
                .sslSocketFactory(Settings.trust())
                .proxy(Settings.proxy())
                .build();
    }
}
