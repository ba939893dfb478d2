package tests;

import io.camunda.client.api.search.response.ProcessInstance;
import io.camunda.client.api.search.response.UserTask;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** User tasks. */
final class Tasks implements Chapter {
  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("user_task", () -> userTask(shop));
  }

  private static Object userTask(final Shop shop) throws Exception {
    final long key = shop.start("ask", Map.of("question", "why?")).getProcessInstanceKey();
    final UserTask task = Facts.until(() -> tasks(shop, key), items -> items.size() == 1).get(0);
    shop.client().newAssignUserTaskCommand(task.getUserTaskKey()).assignee("ann").send().join();
    final String assignee = Facts.until(() -> tasks(shop, key).get(0).getAssignee(), "ann"::equals);
    shop.client().newCompleteUserTaskCommand(task.getUserTaskKey()).variables(Map.of("answer", "so")).send().join();
    final Map<String, Object> seen = new TreeMap<>();
    seen.put("element", task.getElementId());
    seen.put("state", task.getState().name());
    seen.put("groups", task.getCandidateGroups());
    seen.put("assignee", assignee);
    seen.put("afterwards", Facts.until(() -> instance(shop, key), each -> each.getState().name().equals("COMPLETED")).getState().name());
    seen.put("answer", answers(shop, key));
    return seen;
  }

  private static ProcessInstance instance(final Shop shop, final long key) {
    return shop.client().newProcessInstanceGetRequest(key).send().join();
  }

  private static List<UserTask> tasks(final Shop shop, final long key) {
    return shop.client().newUserTaskSearchRequest().filter(f -> f.processInstanceKey(key)).send().join().items();
  }

  private static List<String> answers(final Shop shop, final long key) {
    return shop.client().newVariableSearchRequest().filter(f -> f.processInstanceKey(key).name("answer")).send().join().items().stream()
        .map(each -> each.getValue())
        .toList();
  }
}
