package tests;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Camunda's connector runtime with the REST connector and one webhook of ours. */
@SpringBootApplication
public class Main {
  public static void main(final String[] arguments) {
    SpringApplication.run(Main.class, arguments);
  }
}
