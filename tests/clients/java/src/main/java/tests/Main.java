package tests;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.camunda.client.CamundaClient;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Drives a cluster with Java's client, over gRPC and over REST, and prints what it saw as one line of JSON. */
public final class Main {
  /** In this order: the first deploys, the last deletes. */
  private static final List<Chapter> CHAPTERS =
      List.of(
          new Deployments(),
          new Jobs(),
          new Workers(),
          new Messages(),
          new Incidents(),
          new Tasks(),
          new Searches(),
          new Ends());

  private Main() {}

  /** Arguments: the gateway's URL, the REST API's URL, then a prefix and its model's file for each protocol. */
  public static void main(final String[] arguments) throws Exception {
    final Map<String, Object> seen = new LinkedHashMap<>();
    final var grpc =
        CompletableFuture.supplyAsync(() -> run(arguments[0], arguments[1], false, arguments[2], arguments[3]));
    seen.put("rest", run(arguments[0], arguments[1], true, arguments[4], arguments[5]));
    seen.put("grpc", grpc.join());
    System.out.println(new ObjectMapper().writeValueAsString(seen));
    System.exit(0); // The client's own threads may still wait for a stream's end.
  }

  private static Map<String, Object> run(
      final String grpc, final String rest, final boolean preferRest, final String prefix, final String model) {
    final Facts facts = new Facts();
    try (CamundaClient client =
        CamundaClient.newClientBuilder()
            .grpcAddress(URI.create(grpc))
            .restAddress(URI.create(rest))
            .preferRestOverGrpc(preferRest)
            .defaultRequestTimeout(Duration.ofSeconds(10))
            .build()) {
      final Shop shop = new Shop(client, prefix, model);
      CHAPTERS.forEach(chapter -> chapter.tell(shop, facts));
    }
    return facts.all();
  }
}
