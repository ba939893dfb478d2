package tests;

import io.camunda.client.api.CamundaFuture;
import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.response.StreamJobsResponse;
import io.camunda.client.api.worker.JobWorker;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Workers, with and without a stream, and a stream of its own. */
final class Workers implements Chapter {
  private static final int JOBS = 12;

  @Override
  public void tell(final Shop shop, final Facts facts) {
    facts.tell("worked", () -> worked(shop, false));
    facts.tell("worked_by_stream", () -> worked(shop, true));
    facts.tell("streamed", () -> streamed(shop));
  }

  /** Each job once; the first of them fails once, and comes again. */
  private static Object worked(final Shop shop, final boolean stream) throws Exception {
    final Set<Long> done = ConcurrentHashMap.newKeySet();
    final Set<Long> failed = ConcurrentHashMap.newKeySet();
    try (JobWorker worker =
        shop.client()
            .newWorker()
            .jobType(shop.id("pack"))
            .handler(
                (client, job) -> {
                  if (job.getVariablesAsMap().get("n").equals(0) && failed.add(job.getKey())) {
                    client.newFailCommand(job).retries(1).retryBackoff(Duration.ofMillis(300)).send().join();
                    return;
                  }
                  client.newCompleteCommand(job).send().join();
                  done.add(job.getKey());
                })
            .maxJobsActive(4)
            .streamEnabled(stream)
            .requestTimeout(Duration.ofSeconds(2))
            .open()) {
      for (int n = 0; n < JOBS; n++) {
        shop.start("bulk", Map.of("n", n));
      }
      return List.of(Facts.until(done::size, size -> size == JOBS), failed.size());
    }
  }

  private static Object streamed(final Shop shop) throws Exception {
    final BlockingQueue<ActivatedJob> jobs = new LinkedBlockingQueue<>();
    final CamundaFuture<StreamJobsResponse> stream =
        shop.client()
            .newStreamJobsCommand()
            .jobType(shop.id("pack"))
            .consumer(jobs::add)
            .timeout(Duration.ofSeconds(30))
            .requestTimeout(Duration.ofSeconds(20))
            .send();
    try {
      Thread.sleep(500); // A stream has no answer that says it is open: a job before it would be left to the next poll.
      shop.start("bulk", Map.of("n", 99));
      final ActivatedJob job = jobs.poll(10, TimeUnit.SECONDS);
      shop.complete(job, Map.of());
      return job.getVariablesAsMap();
    } finally {
      stream.cancel(true);
    }
  }
}
