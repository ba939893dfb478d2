package tests;

import io.camunda.client.api.search.response.UserTask;
import io.camunda.client.api.search.response.Variable;
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
    final UserTask task = Facts.until(() -> shop.tasks(key), items -> items.size() == 1).get(0);
    shop.client().newAssignUserTaskCommand(task.getUserTaskKey()).assignee("ann").send().join();
    final String assignee = Facts.until(() -> shop.tasks(key).get(0).getAssignee(), "ann"::equals);
    shop.client().newCompleteUserTaskCommand(task.getUserTaskKey()).variables(Map.of("answer", "so")).send().join();
    final Map<String, Object> seen = new TreeMap<>();
    seen.put("element", task.getElementId());
    seen.put("state", task.getState().name());
    seen.put("groups", task.getCandidateGroups());
    seen.put("assignee", assignee);
    seen.put("afterwards", Facts.until(() -> state(shop, key), "COMPLETED"::equals));
    final var answers = shop.variables(f -> f.processInstanceKey(key).name("answer"));
    seen.put("answer", answers.stream().map(Variable::getValue).toList());
    return seen;
  }

  private static String state(final Shop shop, final long key) {
    return shop.client().newProcessInstanceGetRequest(key).send().join().getState().name();
  }
}
