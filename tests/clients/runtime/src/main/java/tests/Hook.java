package tests;

import io.camunda.connector.api.annotation.InboundConnector;
import io.camunda.connector.api.inbound.Health;
import io.camunda.connector.api.inbound.InboundConnectorContext;
import io.camunda.connector.api.inbound.webhook.MappedHttpRequest;
import io.camunda.connector.api.inbound.webhook.WebhookConnectorExecutable;
import io.camunda.connector.api.inbound.webhook.WebhookProcessingPayload;
import io.camunda.connector.api.inbound.webhook.WebhookResult;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A webhook that takes each request as it comes. Camunda's own one is in no registry by itself. */
@InboundConnector(name = "Hook", type = "zelery:tests-hook:1")
public class Hook implements WebhookConnectorExecutable {
  @Override
  public void activate(final InboundConnectorContext context) {
    context.reportHealth(Health.up());
  }

  @Override
  public WebhookResult triggerWebhook(final WebhookProcessingPayload payload) {
    final Object body = Map.of("text", new String(payload.rawBody(), StandardCharsets.UTF_8));
    return () -> new MappedHttpRequest(body, payload.headers(), payload.params());
  }
}
