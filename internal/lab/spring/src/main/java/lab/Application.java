package lab;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.server.context.WebServerPortFileWriter;

/** A gateway as the documentation of Spring shows one; the route stands in application.yaml. */
@SpringBootApplication
@EnableConfigurationProperties(Rules.class)
public class Application {

    public static void main(String[] args) {
        SpringApplication application = new SpringApplication(Application.class);
        // Tells the lab which port it got when it asks for port 0.
        application.addListeners(new WebServerPortFileWriter());
        application.run(args);
    }
}
