package tests;

import io.camunda.client.api.response.Process;
import io.camunda.client.api.response.Topology;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Topology, deployments, and instances with a result. */
final class Deployments implements Chapter {
  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("topology", () -> topology(shop.client().newTopologyRequest().send().join()));
    facts.tell("deployed", () -> deploy(shop).map(each -> shop.plain(each.getBpmnProcessId())).sorted().toList());
    facts.tell("deployed_again", () -> deploy(shop).map(Process::getVersion).distinct().toList());
    facts.tell("broken_model", () -> Facts.refusal(() -> broken(shop)));
    facts.tell("unknown_process", () -> Facts.refusal(() -> shop.start("nowhere", Map.of())));
    facts.tell("result", () -> shop.result("double", Map.of("a", 21)).join().getVariablesAsMap());
    facts.tell("result_fetched", () -> fetched(shop));
    facts.tell("result_late", () -> Facts.refusal(() -> late(shop)));
  }

  private static Map<String, Object> topology(final Topology topology) {
    final boolean healthy =
        topology.getBrokers().stream()
            .flatMap(each -> each.getPartitions().stream())
            .allMatch(each -> each.getHealth().name().equals("HEALTHY"));
    return Map.of("brokers", topology.getBrokers().size() == topology.getClusterSize(), "healthy", healthy);
  }

  private static Stream<Process> deploy(final Shop shop) {
    return shop.client().newDeployResourceCommand().addResourceFile(shop.model()).send().join().getProcesses().stream();
  }

  private static void broken(final Shop shop) {
    final byte[] text = "<definitions>".getBytes(StandardCharsets.UTF_8);
    shop.client().newDeployResourceCommand().addResourceBytes(text, "broken.bpmn").send().join();
  }

  private static Map<String, Object> fetched(final Shop shop) {
    return shop.client()
        .newCreateInstanceCommand()
        .bpmnProcessId(shop.id("double"))
        .version(1)
        .variables(Map.of("a", 21))
        .withResult()
        .fetchVariables(List.of("doubled"))
        .send()
        .join()
        .getVariablesAsMap();
  }

  private static void late(final Shop shop) {
    shop.client()
        .newCreateInstanceCommand()
        .bpmnProcessId(shop.id("ask"))
        .latestVersion()
        .withResult()
        .requestTimeout(Duration.ofMillis(500))
        .send()
        .join();
  }
}
