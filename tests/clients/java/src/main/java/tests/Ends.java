package tests;

import io.camunda.client.api.search.enums.ProcessInstanceState;
import java.util.List;
import java.util.Map;

/** What ends: instances and definitions. */
final class Ends implements Chapter {
  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("cancelled", () -> cancelled(shop));
    facts.tell("deleted", () -> deleted(shop));
  }

  private static Object cancelled(final Shop shop) throws Exception {
    final long key = shop.start("order", Map.of("orderId", "e-1")).getProcessInstanceKey();
    shop.client().newCancelInstanceCommand(key).send().join();
    final String again = Facts.refusal(() -> shop.client().newCancelInstanceCommand(key).send().join());
    final int found =
        Facts.until(
            () -> shop.instances(f -> f.processInstanceKey(key).state(ProcessInstanceState.TERMINATED)).size(),
            size -> size == 1);
    return List.of(again, found);
  }

  private static Object deleted(final Shop shop) throws Exception {
    final long key = shop.definitions("double").get(0).getProcessDefinitionKey();
    shop.client().newDeleteResourceCommand(key).send().join();
    return Facts.refusal(() -> shop.start("double", Map.of("a", 1)));
  }
}
