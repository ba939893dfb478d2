package tests;

import io.camunda.client.api.command.ClientStatusException;
import io.camunda.client.api.command.ProblemException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/** What was seen, by name. A step that fails is a fact too: its status, or the exception. */
final class Facts {
  private static final long PATIENCE_MS = 10_000;
  private static final long PAUSE_MS = 200;

  private final Map<String, Object> all = new LinkedHashMap<>();

  Map<String, Object> all() {
    return all;
  }

  void tell(final String name, final Callable<Object> step) {
    try {
      all.put(name, step.call());
    } catch (final Exception error) {
      all.put(name, status(error));
    }
  }

  /** The name of a gRPC status, or the number of an HTTP status. */
  static String status(final Throwable error) {
    for (Throwable each = error; each != null; each = each.getCause()) {
      if (each instanceof ClientStatusException status) {
        return status.getStatusCode().name();
      }
      if (each instanceof ProblemException problem) {
        return String.valueOf(problem.code());
      }
    }
    return error.toString();
  }

  /** The status with which a step is refused; "OK" when it is not. */
  static String refusal(final Runnable step) {
    try {
      step.run();
    } catch (final RuntimeException error) {
      return status(error);
    }
    return "OK";
  }

  /** Asks until the answer is as wanted, for searches hear of what happens a moment later; else the last answer. */
  static <T> T until(final Callable<T> ask, final Predicate<T> wanted) throws Exception {
    final long end = System.currentTimeMillis() + PATIENCE_MS;
    T answer = ask.call();
    while (!wanted.test(answer) && System.currentTimeMillis() < end) {
      Thread.sleep(PAUSE_MS);
      answer = ask.call();
    }
    return answer;
  }
}
