package lab;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What is asked of a token. An audience, a calling client and a scope are asked for only where
 * application.yaml names some.
 *
 * @param callerClaims the claims of which any may name the calling client
 */
@ConfigurationProperties("rules")
public record Rules(
        List<String> issuers,
        String jwkSetUri,
        @DefaultValue("60s") Duration clockSkew,
        @DefaultValue List<String> audiences,
        @DefaultValue List<String> callerClaims,
        @DefaultValue List<String> callers,
        String scope) {

    public Rules {
        Objects.requireNonNull(issuers, "rules.issuers: none is given");
        Objects.requireNonNull(jwkSetUri, "rules.jwk-set-uri: none is given");
    }
}
