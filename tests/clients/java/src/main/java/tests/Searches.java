package tests;

import io.camunda.client.api.search.enums.ProcessInstanceState;
import io.camunda.client.api.search.filter.ProcessInstanceFilter;
import io.camunda.client.api.search.filter.VariableFilter;
import io.camunda.client.api.search.response.ProcessInstance;
import io.camunda.client.api.search.response.SearchResponse;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What searches answer, with filters, sorted, and in pages. */
final class Searches implements Chapter {
  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("definition", () -> definition(shop));
    facts.tell("pages", () -> pages(shop));
    facts.tell("waiting", () -> waiting(shop));
    facts.tell("variables", () -> variables(shop));
    facts.tell("gets", () -> gets(shop));
    facts.tell("operators", () -> operators(shop));
    facts.tell("offset", () -> offset(shop));
  }

  private static Object definition(final Shop shop) throws Exception {
    final var found = Facts.until(() -> shop.definitions("order"), items -> items.size() == 1).get(0);
    final long key = found.getProcessDefinitionKey();
    final String xml = shop.client().newProcessDefinitionGetXmlRequest(key).send().join();
    final var same = shop.client().newProcessDefinitionGetRequest(key).send().join();
    return List.of(
        found.getName(), found.getVersion(), xml.contains(shop.id("charge")), same.getProcessDefinitionKey() == key);
  }

  /** Five instances, newest first, two a page. */
  private static Object pages(final Shop shop) throws Exception {
    final List<Long> started = new ArrayList<>();
    for (int n = 0; n < 5; n++) {
      started.add(0, shop.start("stuck", Map.of("n", n)).getProcessInstanceKey());
    }
    Facts.until(() -> page(shop, null), found -> found.page().totalItems() == started.size());
    final List<Integer> sizes = new ArrayList<>();
    final List<Long> seen = new ArrayList<>();
    String cursor = null;
    do {
      final SearchResponse<ProcessInstance> found = page(shop, cursor);
      found.items().forEach(each -> seen.add(each.getProcessInstanceKey()));
      sizes.add(found.items().size());
      cursor = found.items().size() == 2 ? found.page().endCursor() : null;
    } while (cursor != null && sizes.size() < 9);
    return List.of(sizes, seen.equals(started));
  }

  private static SearchResponse<ProcessInstance> page(final Shop shop, final String cursor) {
    return shop.client()
        .newProcessInstanceSearchRequest()
        .filter(f -> f.processDefinitionId(shop.id("stuck")).state(ProcessInstanceState.ACTIVE))
        .sort(s -> s.processInstanceKey().desc())
        .page(
            p -> {
              p.limit(2);
              if (cursor != null) {
                p.after(cursor);
              }
            })
        .send()
        .join();
  }

  /** An order that waits for its payment: its elements, its subscription, its jobs. */
  private static Object waiting(final Shop shop) throws Exception {
    final long key = shop.start("order", Map.of("orderId", "s-1")).getProcessInstanceKey();
    shop.complete(shop.job("charge"), Map.of());
    final Map<String, Object> seen = new TreeMap<>();
    seen.put("subscriptions", Facts.until(() -> subscriptions(shop, key), items -> items.size() == 1));
    seen.put("elements", elements(shop, key));
    seen.put("jobs", jobs(shop, key));
    shop.client().newCancelInstanceCommand(key).send().join();
    return seen;
  }

  private static List<List<String>> subscriptions(final Shop shop, final long instance) {
    final var found =
        shop.client().newMessageSubscriptionSearchRequest().filter(f -> f.processInstanceKey(instance)).send().join();
    return found.items().stream()
        .map(
            each ->
                List.of(
                    shop.plain(each.getMessageName()),
                    each.getCorrelationKey(),
                    each.getMessageSubscriptionState().name(),
                    each.getElementId()))
        .toList();
  }

  private static List<List<String>> elements(final Shop shop, final long instance) {
    final var found =
        shop.client()
            .newElementInstanceSearchRequest()
            .filter(f -> f.processInstanceKey(instance))
            .sort(s -> s.elementInstanceKey().asc())
            .send()
            .join();
    return found.items().stream()
        .map(each -> List.of(each.getElementId(), each.getType().name(), each.getState().name()))
        .filter(each -> !each.get(1).equals("PROCESS"))
        .toList();
  }

  private static List<List<String>> jobs(final Shop shop, final long instance) {
    final var found = shop.client().newJobSearchRequest().filter(f -> f.processInstanceKey(instance)).send().join();
    return found.items().stream()
        .map(each -> List.of(shop.plain(each.getType()), each.getState().name(), each.getElementId()))
        .toList();
  }

  private static Object variables(final Shop shop) throws Exception {
    final Map<String, Object> variables = Map.of("text", "a", "number", 1, "list", List.of(1, 2), "other", true);
    final long key = shop.start("stuck", variables).getProcessInstanceKey();
    final Consumer<VariableFilter> three = f -> f.processInstanceKey(key).name(n -> n.in("text", "number", "list"));
    final var found = Facts.until(() -> shop.variables(three), items -> items.size() == 3);
    return found.stream().map(each -> List.of(each.getName(), each.getValue(), each.getScopeKey() == key)).toList();
  }

  /** Each thing by its key, and one that there is not. */
  private static Object gets(final Shop shop) throws Exception {
    final var client = shop.client();
    final long key = shop.start("ask", Map.of("question", "why?")).getProcessInstanceKey();
    final var task = Facts.until(() -> shop.tasks(key), items -> items.size() == 1).get(0);
    final long question = shop.variables(f -> f.processInstanceKey(key)).get(0).getVariableKey();
    return List.of(
        client.newProcessInstanceGetRequest(key).send().join().getState().name(),
        client.newElementInstanceGetRequest(task.getElementInstanceKey()).send().join().getElementName(),
        client.newVariableGetRequest(question).send().join().getValue(),
        client.newUserTaskGetRequest(task.getUserTaskKey()).send().join().getName(),
        Facts.refusal(() -> client.newElementInstanceGetRequest(1).send().join()));
  }

  /** How many of two instances filters leave. */
  private static Object operators(final Shop shop) throws Exception {
    final OffsetDateTime before = OffsetDateTime.now().minusHours(1);
    final long one = shop.start("ask", Map.of("tag", "one")).getProcessInstanceKey();
    final long two = shop.start("ask", Map.of("tag", "two")).getProcessInstanceKey();
    final Consumer<ProcessInstanceFilter> both = f -> f.processInstanceKey(k -> k.in(one, two));
    Facts.until(() -> count(shop, both), size -> size == 2);
    final Map<String, Object> seen = new TreeMap<>();
    seen.put("by_date", count(shop, both.andThen(f -> f.startDate(d -> d.gt(before).lte(before.plusDays(1))))));
    seen.put("by_incident", count(shop, both.andThen(f -> f.hasIncident(true))));
    seen.put("by_key", count(shop, both.andThen(f -> f.processInstanceKey(k -> k.in(one, two).notIn(one)))));
    seen.put("by_state", count(shop, both.andThen(f -> f.state(s -> s.neq(ProcessInstanceState.ACTIVE)))));
    seen.put("by_variable", count(shop, both.andThen(f -> f.variables(Map.of("tag", "\"two\"")))));
    return seen;
  }

  private static int count(final Shop shop, final Consumer<ProcessInstanceFilter> filter) {
    return shop.instances(filter).size();
  }

  /** The last two of the model's seven processes, by name. */
  private static Object offset(final Shop shop) {
    final var found =
        shop.client()
            .newProcessDefinitionSearchRequest()
            .filter(f -> f.processDefinitionId(id -> id.like(shop.id("*"))))
            .sort(s -> s.processDefinitionId().asc())
            .page(p -> p.from(5).limit(3))
            .send()
            .join();
    final var names = found.items().stream().map(each -> shop.plain(each.getProcessDefinitionId())).toList();
    return List.of(names, found.page().totalItems());
  }
}
