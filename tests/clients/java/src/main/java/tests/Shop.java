package tests;

import io.camunda.client.CamundaClient;
import io.camunda.client.api.CamundaFuture;
import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.response.ProcessInstanceEvent;
import io.camunda.client.api.response.ProcessInstanceResult;
import io.camunda.client.api.search.filter.ProcessInstanceFilter;
import io.camunda.client.api.search.filter.VariableFilter;
import io.camunda.client.api.search.response.ProcessDefinition;
import io.camunda.client.api.search.response.ProcessInstance;
import io.camunda.client.api.search.response.UserTask;
import io.camunda.client.api.search.response.Variable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The model's names, and commands that many facts need. */
record Shop(CamundaClient client, String prefix, String model) {
  /** A name of the model's, as this client deployed it. */
  String id(final String name) {
    return prefix + "-" + name;
  }

  /** A name as the model has it. */
  String plain(final String id) {
    return id.substring(prefix.length() + 1);
  }

  ProcessInstanceEvent start(final String process, final Map<String, Object> variables) {
    return client
        .newCreateInstanceCommand()
        .bpmnProcessId(id(process))
        .latestVersion()
        .variables(variables)
        .send()
        .join();
  }

  CamundaFuture<ProcessInstanceResult> result(final String process, final Map<String, Object> variables) {
    return client
        .newCreateInstanceCommand()
        .bpmnProcessId(id(process))
        .latestVersion()
        .variables(variables)
        .withResult()
        .requestTimeout(Duration.ofSeconds(20))
        .send();
  }

  /** Jobs of a type, for half a minute; it waits as long as given. */
  List<ActivatedJob> jobs(final String type, final int most, final Duration wait) {
    return client
        .newActivateJobsCommand()
        .jobType(id(type))
        .maxJobsToActivate(most)
        .timeout(Duration.ofSeconds(30))
        .workerName("tests")
        .requestTimeout(wait)
        .send()
        .join()
        .getJobs();
  }

  /** The next job of a type. */
  ActivatedJob job(final String type) {
    return jobs(type, 1, Duration.ofSeconds(10)).get(0);
  }

  List<ProcessDefinition> definitions(final String process) {
    return client
        .newProcessDefinitionSearchRequest()
        .filter(f -> f.processDefinitionId(id(process)))
        .send()
        .join()
        .items();
  }

  List<ProcessInstance> instances(final Consumer<ProcessInstanceFilter> filter) {
    return client.newProcessInstanceSearchRequest().filter(filter).send().join().items();
  }

  List<UserTask> tasks(final long instance) {
    return client.newUserTaskSearchRequest().filter(f -> f.processInstanceKey(instance)).send().join().items();
  }

  /** Variables, sorted by their names. */
  List<Variable> variables(final Consumer<VariableFilter> filter) {
    return client.newVariableSearchRequest().filter(filter).sort(s -> s.name().asc()).send().join().items();
  }

  void complete(final ActivatedJob job, final Map<String, Object> variables) {
    client.newCompleteCommand(job).variables(variables).send().join();
  }
}
