package lab;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.authentication.ReactiveAuthenticationManager;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity.AuthorizeExchangeSpec;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusReactiveJwtDecoder;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.JwtIssuerReactiveAuthenticationManagerResolver;
import org.springframework.security.oauth2.server.resource.authentication.JwtReactiveAuthenticationManager;
import org.springframework.security.web.server.SecurityWebFilterChain;
import reactor.core.publisher.Mono;

/** A resource server for two issuers that share one key set. */
@Configuration
@EnableWebFluxSecurity
public class Security {

    @Bean
    SecurityWebFilterChain chain(ServerHttpSecurity http, Rules rules) {
        Map<String, ReactiveAuthenticationManager> managers = new HashMap<>();
        for (String issuer : rules.issuers()) {
            managers.put(issuer, new JwtReactiveAuthenticationManager(decoder(issuer, rules)));
        }
        var resolver = new JwtIssuerReactiveAuthenticationManagerResolver(
                issuer -> Mono.justOrEmpty(managers.get(issuer)));
        return http.authorizeExchange(exchange -> authorize(exchange, rules))
                .oauth2ResourceServer(server -> server.authenticationManagerResolver(resolver))
                .build();
    }

    private static NimbusReactiveJwtDecoder decoder(String issuer, Rules rules) {
        List<OAuth2TokenValidator<Jwt>> validators = new ArrayList<>();
        validators.add(new JwtTimestampValidator(rules.clockSkew()));
        validators.add(new JwtIssuerValidator(issuer));
        if (!rules.audiences().isEmpty()) {
            validators.add(new JwtClaimValidator<List<String>>(
                    "aud", aud -> aud != null && aud.stream().anyMatch(rules.audiences()::contains)));
        }
        NimbusReactiveJwtDecoder decoder = NimbusReactiveJwtDecoder.withJwkSetUri(rules.jwkSetUri()).build();
        decoder.setJwtValidator(JwtValidators.createDefaultWithValidators(validators));
        return decoder;
    }

    private static void authorize(AuthorizeExchangeSpec exchange, Rules rules) {
        if (rules.scope() != null) {
            exchange.anyExchange().hasAuthority("SCOPE_" + rules.scope());
        } else if (!rules.callers().isEmpty()) {
            exchange.anyExchange().access((authentication, context) -> authentication
                    .cast(JwtAuthenticationToken.class)
                    .map(caller -> new AuthorizationDecision(called(caller.getToken(), rules))));
        } else {
            exchange.anyExchange().authenticated();
        }
    }

    private static boolean called(Jwt token, Rules rules) {
        return rules.callerClaims().stream()
                .anyMatch(claim -> rules.callers().contains(token.getClaimAsString(claim)));
    }
}
