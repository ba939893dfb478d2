package tests;

import io.camunda.client.api.CamundaFuture;
import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.response.ProcessInstanceResult;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What becomes of a job: complete, fail, throw, and its lease. */
final class Jobs implements Chapter {
  private static final Duration SHORT = Duration.ofMillis(300);

  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("activated", () -> activated(shop));
    facts.tell("failed", () -> failed(shop));
    facts.tell("thrown", () -> thrown(shop));
    facts.tell("lease", () -> lease(shop));
    facts.tell("completed_twice", () -> completedTwice(shop));
    facts.tell("agent", () -> agent(shop));
  }

  private static Object activated(final Shop shop) {
    final long key = shop.start("order", Map.of("orderId", "j-1", "total", 12.5)).getProcessInstanceKey();
    final ActivatedJob job = shop.job("charge");
    final Map<String, Object> seen = new TreeMap<>();
    seen.put("type", shop.plain(job.getType()));
    seen.put("process", shop.plain(job.getBpmnProcessId()));
    seen.put("version", job.getProcessDefinitionVersion());
    seen.put("element", job.getElementId());
    seen.put("headers", job.getCustomHeaders());
    seen.put("retries", job.getRetries());
    seen.put("variables", job.getVariablesAsMap());
    seen.put("own_instance", job.getProcessInstanceKey() == key);
    seen.put("worker", job.getWorker());
    shop.client().newCancelInstanceCommand(key).send().join();
    return seen;
  }

  private static Object failed(final Shop shop) {
    final long key = shop.start("bulk", Map.of("n", 0)).getProcessInstanceKey();
    shop.client()
        .newFailCommand(shop.job("pack"))
        .retries(1)
        .retryBackoff(Duration.ofSeconds(1))
        .errorMessage("no box")
        .variables(Map.of("tried", true))
        .send()
        .join();
    final int atOnce = shop.jobs("pack", 1, SHORT).size();
    final ActivatedJob again = shop.job("pack");
    shop.client().newCancelInstanceCommand(key).send().join();
    return Map.of("at_once", atOnce, "retries", again.getRetries(), "variables", again.getVariablesAsMap());
  }

  private static Object thrown(final Shop shop) {
    final CamundaFuture<ProcessInstanceResult> result = shop.result("order", Map.of("orderId", "j-2"));
    shop.client()
        .newThrowErrorCommand(shop.job("charge"))
        .errorCode("DECLINED")
        .errorMessage("poor")
        .variables(Map.of("why", "poor"))
        .send()
        .join();
    return result.join().getVariablesAsMap();
  }

  /** A job whose lease is made short goes to the next that asks. */
  private static Object lease(final Shop shop) {
    final long key = shop.start("bulk", Map.of("n", 1)).getProcessInstanceKey();
    final ActivatedJob first = shop.job("pack");
    shop.client().newUpdateRetriesCommand(first).retries(7).send().join();
    shop.client().newUpdateTimeoutCommand(first).timeout(Duration.ofMillis(200)).send().join();
    final ActivatedJob second = shop.job("pack");
    shop.client().newCancelInstanceCommand(key).send().join();
    return List.of(first.getKey() == second.getKey(), second.getRetries());
  }

  private static Object completedTwice(final Shop shop) {
    shop.start("bulk", Map.of("n", 2));
    final ActivatedJob job = shop.job("pack");
    shop.complete(job, Map.of());
    return Facts.refusal(() -> shop.complete(job, Map.of()));
  }

  private static Object agent(final Shop shop) {
    final CamundaFuture<ProcessInstanceResult> result = shop.result("agent", Map.of("question", "rain?"));
    final ActivatedJob first = shop.job("think");
    shop.client()
        .newCompleteCommand(first)
        .withResult(r -> r.forAdHocSubProcess().activateElement("weather").variables(Map.of("city", "Rome")))
        .send()
        .join();
    final ActivatedJob tool = shop.job("weather");
    final Object city = tool.getVariablesAsMap().get("city");
    shop.complete(tool, Map.of("rain", false));
    shop.client()
        .newCompleteCommand(shop.job("think"))
        .withResult(r -> r.forAdHocSubProcess().completionConditionFulfilled(true))
        .send()
        .join();
    return List.of(first.getKind().name(), city, result.join().getVariablesAsMap().get("question"));
  }
}
