package tests;

import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.search.enums.IncidentState;
import io.camunda.client.api.search.response.Incident;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A job without retries: its incident, and how it goes on. */
final class Incidents implements Chapter {
  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("incident", () -> incident(shop));
    facts.tell("unknown_incident", () -> Facts.refusal(() -> shop.client().newResolveIncidentCommand(1).send().join()));
  }

  private static Object incident(final Shop shop) throws Exception {
    final long key = shop.start("stuck", Map.of("n", 1)).getProcessInstanceKey();
    final ActivatedJob job = shop.job("try");
    shop.client().newFailCommand(job).retries(0).errorMessage("broken").send().join();
    final Incident found = Facts.until(() -> open(shop, key), items -> items.size() == 1).get(0);
    shop.client().newSetVariablesCommand(key).variables(Map.of("fixed", true)).local(false).send().join();
    final String early = Facts.refusal(() -> resolve(shop, found));
    shop.client().newUpdateRetriesCommand(job).retries(1).send().join();
    resolve(shop, found);
    final ActivatedJob again = shop.job("try");
    shop.complete(again, Map.of());
    final Map<String, Object> seen = new TreeMap<>();
    seen.put("type", found.getErrorType().name());
    seen.put("message", found.getErrorMessage());
    seen.put("element", found.getElementId());
    seen.put("state", found.getState().name());
    seen.put("without_retries", early.equals("OK") ? "OK" : "refused");
    seen.put("again", List.of(again.getKey() == job.getKey(), again.getVariablesAsMap().get("fixed")));
    seen.put("left", Facts.until(() -> open(shop, key), List::isEmpty).size());
    return seen;
  }

  private static void resolve(final Shop shop, final Incident incident) {
    shop.client().newResolveIncidentCommand(incident.getIncidentKey()).send().join();
  }

  private static List<Incident> open(final Shop shop, final long instance) {
    return shop.client()
        .newIncidentSearchRequest()
        .filter(f -> f.processInstanceKey(instance).state(IncidentState.ACTIVE))
        .send()
        .join()
        .items();
  }
}
