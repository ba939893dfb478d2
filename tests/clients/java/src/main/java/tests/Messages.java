package tests;

import io.camunda.client.api.CamundaFuture;
import io.camunda.client.api.response.ProcessInstanceEvent;
import io.camunda.client.api.response.ProcessInstanceResult;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** Messages and signals. */
final class Messages implements Chapter {
  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("shipped", () -> shipped(shop));
    facts.tell("published_twice", () -> Facts.refusal(() -> twice(shop)));
    facts.tell("correlated", () -> correlated(shop));
    facts.tell("correlated_nobody", () -> Facts.refusal(() -> correlate(shop, "nobody")));
    facts.tell("alarmed", () -> alarmed(shop));
  }

  private static Object shipped(final Shop shop) {
    final CamundaFuture<ProcessInstanceResult> result = shop.result("order", Map.of("orderId", "m-1"));
    shop.complete(shop.job("charge"), Map.of("receipt", 7));
    publish(shop, "m-1", "one");
    shop.complete(shop.job("ship"), Map.of("parcel", Map.of("weight", 1.5)));
    return new TreeMap<>(result.join().getVariablesAsMap());
  }

  private static void twice(final Shop shop) {
    publish(shop, "m-2", "same");
    publish(shop, "m-2", "same");
  }

  private static void publish(final Shop shop, final String key, final String id) {
    shop.client()
        .newPublishMessageCommand()
        .messageName(shop.id("paid"))
        .correlationKey(key)
        .messageId(id)
        .timeToLive(Duration.ofMinutes(1))
        .variables(Map.of("by", "card"))
        .send()
        .join();
  }

  private static Object correlated(final Shop shop) throws Exception {
    final ProcessInstanceEvent order = shop.start("order", Map.of("orderId", "m-3"));
    shop.complete(shop.job("charge"), Map.of());
    final long key = correlate(shop, "m-3");
    shop.complete(shop.job("ship"), Map.of());
    return key == order.getProcessInstanceKey();
  }

  private static long correlate(final Shop shop, final String key) {
    return shop.client()
        .newCorrelateMessageCommand()
        .messageName(shop.id("paid"))
        .correlationKey(key)
        .send()
        .join()
        .getProcessInstanceKey();
  }

  private static Object alarmed(final Shop shop) throws Exception {
    shop.client()
        .newBroadcastSignalCommand()
        .signalName(shop.id("alarm"))
        .variables(Map.of("floor", 3))
        .send()
        .join();
    return Facts.until(
        () -> shop.instances(f -> f.processDefinitionId(shop.id("alarm"))).size(), size -> size == 1);
  }
}
