#include "serve/api/v1/endpoints.h"
#include "serve/routing/json.h"
#include "serve/routing/openapi.h"

namespace freshet::serve {
namespace {

/// The ends are looked up now and then, so a reader may be past the last look.
Positions not_below(Positions ends, const Positions& at) {
  for (auto& [partition, end] : ends) {
    const auto own = at.find(partition);
    if (own != at.end()) end = std::max(end, own->second);
  }
  return ends;
}

ApiResponse ready_response(const ServiceStatus& status) {
  bool ready = true;
  json::object components;
  for (const auto& [name, reason] : status.components) {
    ready &= reason.empty();
    components.emplace(
        name, reason.empty() ? json::object{{"ready", true}} : json::object{{"ready", false}, {"reason", reason}});
  }
  return json_response({{"ready", ready}, {"components", std::move(components)}}, ready ? 200 : 503);
}

/// What decides which events are scored and learned from, so that a client can tell them too.
json::object options_json(const online::Options& options) {
  json::object weights;
  for (const auto& [type, weight] : options.type_weights) weights.emplace(type, weight);
  return {{"parts", json::value_from(options.parts)},
          {"session_gap_seconds", options.session_gap.count()},
          {"type_weights", std::move(weights)},
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

ApiResponse status_response(const EndpointContext& context) {
  const ServiceStatus status = context.services.status();
  const auto snapshot = context.services.snapshot();
  json::object store_bytes, pipeline;
  for (const auto& [kind, bytes] : status.store_bytes) store_bytes.emplace(kind, bytes);
  for (const auto& [stage, names] : context.recommender.components()) pipeline.emplace(stage, json::value_from(names));
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
       {"pipeline", std::move(pipeline)},
       {"catalogue_items", status.items},
       {"memory", {{"resident_bytes", status.resident_bytes}, {"store_bytes", std::move(store_bytes)}}}});
}

ApiResponse text_response(std::string body, const char* content_type) {
  ApiResponse response;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

}  // namespace

void add_operation_endpoints(Router& router, const EndpointContext& context) {
  const auto direct = [&](const char* path, std::optional<Scope> scope, auto answer) {
    router.add({"GET", path, {}, scope, false, [context, answer](const RouteRequest&, Respond respond) {
                  respond(answer(context));
                }});
  };
  direct("/healthz", std::nullopt, [](const EndpointContext&) { return json_response({{"alive", true}}); });
  direct("/readyz", std::nullopt, [](const EndpointContext& the) { return ready_response(the.services.status()); });
  direct("/v1/status", Scope::read, status_response);
  direct("/metrics", context.options.open_metrics ? std::nullopt : std::optional(Scope::read),
         [](const EndpointContext& the) {
           return text_response(the.services.metrics.render(), "text/plain; version=0.0.4; charset=utf-8");
         });
  direct("/openapi.json", std::nullopt,
         [](const EndpointContext&) { return text_response(std::string(openapi_document()), "application/json"); });
}

}  // namespace freshet::serve
