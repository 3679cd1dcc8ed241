// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/endpoints.h"
#include "serve/routing/json.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

/// The ends are looked up at intervals, so a reader may be past the last one.
Positions not_below(Positions ends, const Positions& at) {
  for (auto& [partition, end] : ends) {
    const auto own = at.find(partition);
    if (own != at.end()) end = std::max(end, own->second);
  }
  return ends;
}

/// Reasons may name paths and brokers: they are not for everybody.
ApiResponse ready_response(const ServiceStatus& status, bool detailed) {
  bool ready = true;
  json::object components;
  for (const auto& [name, reason, warning] : status.components) {
    ready &= reason.empty();
    json::object component{{"ready", reason.empty()}};
    if (detailed && !reason.empty()) component.emplace("reason", reason);
    if (detailed && !warning.empty()) component.emplace("warning", warning);
    components.emplace(name, std::move(component));
  }
  return json_response({{"ready", ready}, {"components", std::move(components)}}, ready ? 200 : 503);
}

/// The options that decide which events are scored and learned from.
json::object options_json(const online::Options& options) {
  json::object weights;
  for (const auto& [type, weight] : options.type_weights) weights.emplace(type, weight);
  return {{"parts", json::value_from(options.parts)},
          {"session_gap_seconds", options.session_gap.count()},
          {"type_weights", std::move(weights)},
          {"type_aliases", json::value_from(options.type_aliases)},
          {"least_value", json::value_from(options.least_value)},
          {"max_items", options.max_items},
          {"max_open_sessions", options.max_open_sessions},
          {"dedupe_ids", options.dedupe_ids},
          {"seed", options.seed}};
}

json::object learner_json(const ServiceStatus& status, const online::Options& options) {
  const online::LearnerStatus& learner = status.learner;
  json::object quality, influence, calibration, memory;
  for (const auto& [part, q] : learner.quality) {
    quality.emplace(part, json::object{{"scored_events", q.events},
                                       {"hit_rate", q.hit_rate},
                                       {"mrr", q.mrr},
                                       {"ndcg", q.ndcg},
                                       {"recent_hit_rate", q.recent_hit_rate},
                                       {"recent_mrr", q.recent_mrr},
                                       {"recent_ndcg", q.recent_ndcg}});
  }
  for (const auto& [part, share] : learner.blender_influence) influence.emplace(part, share);
  for (const auto& [part, c] : learner.calibration) {
    calibration.emplace(part, json::object{{"examples", c.examples},
                                           {"log_loss", c.log_loss},
                                           {"auc", c.auc},
                                           {"expected_calibration_error", c.expected_calibration_error}});
  }
  for (const auto& [part, bytes] : learner.memory_bytes) memory.emplace(part, bytes);
  return {{"positions", positions_json(learner.positions)},
          {"ends", positions_json(not_below(learner.ends, learner.positions))},
          {"lag_events", learner.lag_events},
          {"lost_records", status.learner_lost_records},
          {"events_learned", learner.events_learned},
          {"events_published", learner.events_published},
          {"items", learner.items},
          {"stream_time", format_rfc3339(learner.stream_time)},
          {"last_checkpoint",
           to_ms(learner.last_checkpoint) == 0 ? json::value() : json::value(format_rfc3339(learner.last_checkpoint))},
          {"options", options_json(options)},
          {"quality", std::move(quality)},
          {"blend_advantage", learner.blend_advantage},
          {"blender_influence", std::move(influence)},
          {"calibration", std::move(calibration)},
          {"memory_bytes", std::move(memory)}};
}

/// The largest attributes, and the sum of the others: a catalogue can have thousands.
json::object catalogue_json(const CatalogueMemory& memory) {
  constexpr std::size_t kShown = 50;
  json::array attributes;
  std::uint64_t count = 0, values = 0, bytes = 0;
  for (const store::AttributeMemory& attribute : memory.attributes) {
    if (attributes.size() < kShown) {
      attributes.push_back({{"name", attribute.name},
                            {"type", attribute.type},
                            {"values", attribute.values},
                            {"bytes", attribute.bytes}});
      continue;
    }
    ++count;
    values += attribute.values;
    bytes += attribute.bytes;
  }
  return {{"bytes", memory.bytes},
          {"attributes", std::move(attributes)},
          {"other_attributes", {{"attributes", count}, {"values", values}, {"bytes", bytes}}}};
}

ApiResponse status_response(const EndpointContext& context) {
  const ServiceStatus status = context.services.status();
  const auto snapshot = context.services.snapshot();
  json::object store_bytes;
  for (const auto& [kind, bytes] : status.store_bytes) store_bytes.emplace(kind, bytes);
  const auto pipeline = context.recommender.components();
  return json_response(
      {{"version", status.version},
       {"started", format_rfc3339(status.started)},
       {"log", status.log},
       {"history",
        {{"positions", positions_json(status.history_positions)},
         {"ends", positions_json(not_below(status.history_ends, status.history_positions))},
         {"lag_events", distance(status.history_positions, status.history_ends)},
         {"lost_records", status.history_lost_records},
         {"stream_time", format_rfc3339(status.stream_time)}}},
       {"learner", learner_json(status, context.services.online)},
       {"snapshot",
        {{"version", snapshot->version},
         {"age_ms", std::max<std::int64_t>(0, to_ms(context.services.clock.now()) - to_ms(snapshot->published))}}},
       {"pipeline", {{"sources", json::value_from(pipeline.sources)}, {"filters", json::value_from(pipeline.filters)}}},
       {"catalogue_items", status.items},
       {"memory",
        {{"resident_bytes", status.resident_bytes},
         {"store_bytes", std::move(store_bytes)},
         {"catalogue", catalogue_json(status.catalogue ? *status.catalogue : CatalogueMemory{})}}}});
}

}  // namespace

void add_operation_endpoints(Router& router, const EndpointContext& context) {
  router.add({.method = "GET",
              .path = "/healthz",
              .any_query = true,
              .operation = "healthz",
              .tag = "operations",
              .summary = "Is the process alive?",
              .responses = {{200, "It is.", schema::reference("Alive"), ""}},
              .handler = immediately([](const RouteRequest&) { return json_response({{"alive", true}}); })});
  router.add({.method = "GET",
              .path = "/readyz",
              .details = Scope::read,
              .any_query = true,
              .operation = "readyz",
              .tag = "operations",
              .summary = "Is every component ready?",
              .responses = {{200, "Every component is ready.", schema::reference("Readiness"), ""},
                            {503, "A component is not ready; it is named, with the reason if the caller may read.",
                             schema::reference("Readiness"), ""}},
              .handler = immediately([context](const RouteRequest& request) {
                return ready_response(context.services.status(), request.detailed);
              })});
  router.add({.method = "GET",
              .path = "/v1/status",
              .scope = Scope::read,
              .operation = "status",
              .tag = "operations",
              .summary = "Get positions, lags, quality and memory",
              .responses = {{200, "The state of the service.", schema::reference("Status"), ""}},
              .handler = immediately([context](const RouteRequest&) { return status_response(context); })});
  router.add({.method = "GET",
              .path = "/metrics",
              .scope = context.options.open_metrics ? std::nullopt : std::optional(Scope::read),
              .any_query = true,
              .operation = "metrics",
              .tag = "operations",
              .summary = "Get Prometheus metrics",
              .responses = {{200, "Text exposition format.", schema::text(), "", "text/plain"}},
              .handler = immediately([context](const RouteRequest&) {
                ApiResponse response;
                response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                response.body = context.services.metrics.render();
                return response;
              })});
}

}  // namespace freshet::serve
