// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/schemas.h"

#include <utility>
#include <vector>

#include "base/event.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

using schema::array_of;
using schema::boolean;
using schema::closed_object;
using schema::count;
using schema::Field;
using schema::integer;
using schema::map_of;
using schema::nullable;
using schema::number;
using schema::object;
using schema::one_of;
using schema::optional;
using schema::reference;
using schema::share;
using schema::text;

json::object id_text() { return {{"type", "string"}, {"minLength", 1}, {"maxLength", kMaxIdBytes}}; }

json::object id() {
  return one_of({id_text(), integer()}, "Text of at most 512 bytes, or an integer (stored as its decimal text).");
}

json::object time_text() {
  json::object schema = text();
  schema.emplace(
      "pattern",
      "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:"
      "[0-5][0-9]([.][0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$");
  return schema;
}

json::object milliseconds() {
  json::object schema = count();
  schema.emplace("maximum", 253'402'300'799'999);
  return schema;
}

constexpr std::string_view kTime = "RFC 3339 text, or integer milliseconds since 1970.";

json::object at_most(std::size_t most, json::object array) {
  array.emplace("maxItems", most);
  return array;
}

void add_event_schemas(json::object& all) {
  all.emplace("Event",
              object({{"item", reference("Id")},
                      optional("user", reference("Id")),
                      optional("session", reference("Id")),
                      optional("id", reference("Id")),
                      optional("type", text("Default: `view`. Any text that does not begin with `$`, or one of "
                                            "`events.types` if that is configured.")),
                      optional("ts", reference("Time")),
                      optional("value", number("Default: 1.")),
                      optional("request", reference("Id")),
                      optional("props", object({})),
                      optional("consent", boolean("Default: true. With false, the event counts for the owner's lists "
                                                  "for a while, but is neither stored nor learned from."))},
                     "`user` or `session` is required. `request` is the id of the list that led to the event. `ts` "
                     "defaults to the time of arrival. A field that is null counts as absent."));
  all.emplace("StoredEvent", object({{"item", text()},
                                     {"type", text()},
                                     {"ts", schema::time()},
                                     {"value", number()},
                                     optional("id", text()),
                                     optional("user", text()),
                                     optional("session", text()),
                                     optional("request", text()),
                                     optional("props", object({}))}));
  const auto rejected = array_of(reference("RejectedEvent"));
  const auto rejected_count = count("All that are rejected, if `rejected` has only the first of them.");
  all.emplace("RejectedEvent",
              object({{"index", count("Of the event or item in the request, from 0; empty lines do not count.")},
                      {"error", text()}}));
  all.emplace("Receipt",
              object({{"accepted", count()},
                      {"rejected", rejected},
                      optional("rejected_count", rejected_count),
                      {"token", text("For `after`: histories and catalogue contain what was accepted once they "
                                     "have reached it.")}}));
  all.emplace("EventsProblem", object({{"type", text()},
                                       {"title", text()},
                                       {"status", integer()},
                                       {"detail", text("What is wrong, and where.")},
                                       optional("rejected", rejected),
                                       optional("rejected_count", rejected_count),
                                       optional("taken", count("Of lines that stopped in the middle: how many of them "
                                                               "are accepted or rejected.")),
                                       optional("accepted", count()),
                                       optional("token", text("With `taken`: for `after`."))},
                                      "RFC 9457 problem details, with the rejected events if there were any."));
}

void add_list_schemas(json::object& all, const Options& options, const Parameters& parameters) {
  const std::size_t most = options.max_items_per_request;
  all.emplace(
      "ListEntry",
      object({{"item", text()},
              {"score", number("On a log scale; comparable within one list only.")},
              optional("parts", map_of(number(),
                                       "With `explain`: the parts that proposed it, with their own "
                                       "scores.")),
              optional("explored", boolean("The item is there by chance (`serve.explore_share`), not by its score.")),
              optional("propensity", share("With `explored`: how likely the list was to get this item so."))}));
  all.emplace("Model", object({{"version", count()}, {"age_ms", count("Milliseconds since it was published.")}},
                              "The snapshot of the model that answered."));
  all.emplace(
      "List",
      object({{"request", text("Id of the list. Name it in the events that the list leads to.")},
              {"items", array_of(reference("ListEntry"))},
              {"model", reference("Model")},
              {"source", text("What orders the list: `blend`; `popularity` if nothing is known of the user or "
                              "session; `value` if actions have a value; `content`, `blend+content` or "
                              "`value+content` if the request gives the part content a share.")},
              {"parts", array_of(text(), "The parts that proposed an item of the list.")},
              optional("notes", array_of(text(), "Of an empty list: attributes in the filter that no item has.")),
              optional("next", text("Of a list for a user or session: `page` of the items that follow. Absent if "
                                    "there are none, or if the pages have 500 items."))}));
  all.emplace("SimilarUser", object({{"user", text()}, {"similarity", number("Cosine of the two vectors, above 0.")}}));
  all.emplace(
      "SimilarUsers",
      object({{"user", text()}, {"similar", array_of(reference("SimilarUser"))}, {"model", reference("Model")}}));
  all.emplace("SessionEvent",
              object({{"item", reference("Id")}, optional("type", text()), optional("ts", reference("Time"))},
                     "An `Event` that needs no `user` or `session`."));
  all.emplace("SessionItems",
              at_most(most, array_of(one_of({id_text(), integer(), reference("SessionEvent")}),
                                     "Ids of items, or events, oldest first. Events are judged, and count, as those of "
                                     "stored sessions; without `ts` they are of now.")));
  const auto items = at_most(most, array_of(reference("Id")));
  const auto exclude =
      at_most(most, array_of(one_of({json::object{{"type", "string"}, {"maxLength", kMaxIdBytes}}, integer()}),
                             "Ids of items to leave out. Empty texts are ignored."));
  const auto filter = one_of({text(), array_of(json::object()), object({})},
                             "An expression, as text or as JSON (arrays: AND of its entries, OR of an inner array).");
  auto values =
      map_of(number(),
             "What an event of each type is worth, in place of `[value]` of the configuration. Empty: lists are "
             "in order of what comes next.");
  values.emplace("maxProperties", online::kMostValues);
  all.emplace("StatelessRequest",
              closed_object({optional("session", reference("SessionItems")), optional("k", parameters.k.schema),
                             optional("exclude", exclude), optional("exclude_seen", parameters.exclude_seen.schema),
                             optional("exclude_types", at_most(ExcludedTypes::kMost,
                                                               array_of(text("`purchase:90d`, or `cart` for any age."),
                                                                        "Empty texts are ignored."))),
                             optional("explain", parameters.explain.schema), optional("filter", filter),
                             optional("content", parameters.content.schema), optional("value", values)},
                            "A field that is null counts as absent."));
  auto distinct = items;
  distinct.emplace("uniqueItems", true);
  all.emplace("RankRequest",
              closed_object({{"items", std::move(distinct)},
                             optional("user", reference("Id")),
                             optional("session", one_of({id_text(), integer(), reference("SessionItems")},
                                                        "Id of a session, or the session itself.")),
                             optional("placement", parameters.placement.schema),
                             optional("content", parameters.content.schema),
                             optional("value", values)},
                            "`user` or `session` may be given, not both. A field that is null counts as absent."));
}

void add_item_schemas(json::object& all) {
  const auto available = boolean("Unavailable items are never recommended, but still learned from.");
  constexpr std::string_view kVectors = "Vectors of the item, by a name that `catalogue.vectors` declares.";
  const auto vectors =
      map_of(one_of({array_of(number()), text("16-bit floats in Base64, lower byte first.")}), kVectors);
  const auto relations = map_of(array_of(text()), "What the item is related to, by the kind of relation.");
  const auto fields = [&](auto wrap, json::object ts) {
    return std::vector<Field>{optional("title", wrap(text())),
                              optional("text", wrap(text())),
                              optional("categories", wrap(array_of(text("A path, such as `kitchen > mugs`.")))),
                              optional("price", wrap(number())),
                              optional("available", wrap(available)),
                              optional("ts", std::move(ts)),
                              optional("attributes", wrap(object({}))),
                              optional("vectors", wrap(vectors)),
                              optional("relations", wrap(relations))};
  };
  const auto plain = [](json::object schema) { return schema; };
  const std::string others = " Fields of other names are attributes.";
  auto item = fields(plain, reference("Time")),
       patch = fields(nullable, one_of({nullable(time_text()), milliseconds()}));
  all.emplace("ItemPatch", object(patch, "The fields to change; null resets a field." + others));
  patch.push_back({"item", reference("Id")});
  all.emplace("ItemChange", object(patch, "The item, and its fields to change; null resets a field." + others));
  item.push_back(optional("item", reference("Id")));
  all.emplace("ItemFields", object(item,
                                   "`item`, if given, must be the id in the path. A field that is null counts as "
                                   "absent." +
                                       others));
  item.back().required = true;
  all.emplace("Item", object(item, "A field that is null counts as absent." + others));
  all.emplace("StoredItem", object({{"item", text()},
                                    {"title", text()},
                                    {"text", text()},
                                    {"categories", array_of(text())},
                                    optional("price", number()),
                                    {"available", available},
                                    {"ts", schema::time()},
                                    {"attributes", object({})},
                                    optional("vectors", map_of(array_of(number()), kVectors)),
                                    optional("relations", relations)}));
  all.emplace("ItemPage", object({{"items", array_of(reference("StoredItem"))},
                                  optional("next", text("Cursor of the next page; absent on the last page."))}));
}

void add_history_schemas(json::object& all) {
  const auto events = array_of(reference("StoredEvent"), "Newest first.");
  all.emplace("History", object({optional("user", text()),
                                 optional("session", text()),
                                 {"count", count("Number of stored events.")},
                                 {"events", events}}));
  const auto lists = array_of(reference("ServedList"), "Newest first.");
  all.emplace("ServedEntry", object({{"item", text()},
                                     {"score", number("With three significant digits.")},
                                     optional("explored", boolean("The item was there by chance.")),
                                     optional("propensity", share("With `explored`: how likely it was there."))}));
  all.emplace("ServedList", object({{"request", text("Id of the list.")},
                                    {"ts", schema::time("When it was served.")},
                                    optional("page_of", text("Of a later page: id of the first one.")),
                                    {"placement", text()},
                                    optional("arm", text()),
                                    {"policy", text()},
                                    {"model", count("Version of the snapshot that made it.")},
                                    {"items", array_of(reference("ServedEntry"), "Best first.")}}));
  all.emplace("ServedPage", object({optional("user", text()),
                                    optional("session", text()),
                                    {"lists", lists},
                                    optional("next", text("Cursor of the next page; absent on the last page."))}));
  all.emplace("Export", object({optional("user", text()),
                                optional("session", text()),
                                {"events", events},
                                optional("without_consent", array_of(reference("StoredEvent"),
                                                                     "On the first page: events held in memory only.")),
                                optional("served", lists),
                                optional("next", text("Cursor of the next page; absent on the last page."))}));
  all.emplace("Erased", object({{"erased", text("The id.")}, {"token", text("Covers the erase record.")}}));
}

void add_operation_schemas(json::object& all) {
  all.emplace("Alive", object({{"alive", boolean()}}));
  all.emplace("ComponentReadiness", object({{"ready", boolean()},
                                            optional("reason", text("Why it is not ready.")),
                                            optional("warning", text("What is wrong although it is ready."))}));
  all.emplace("Readiness", object({{"ready", boolean()}, {"components", map_of(reference("ComponentReadiness"))}}));
  all.emplace("Positions", map_of(integer(), "Offset of the next record, by partition of the event log."));
  const auto lost = count("Records that were deleted from the log before they were read, since the start.");
  all.emplace("HistoryStatus", object({{"positions", reference("Positions")},
                                       {"ends", reference("Positions")},
                                       {"lag_events", count()},
                                       {"lost_records", lost},
                                       {"stream_time", schema::time("Newest event time in the histories.")}}));
  all.emplace("Quality", object({{"scored_events", number()},
                                 {"hit_rate", share()},
                                 {"mrr", share()},
                                 {"ndcg", share()},
                                 {"recent_hit_rate", share()},
                                 {"recent_mrr", share()},
                                 {"recent_ndcg", share()}},
                                "Progressive validation at 20: every event is predicted before it is learned from. "
                                "Recent figures decay over about the last 10000 scored events."));
  all.emplace(
      "Calibration",
      object({{"examples", count()}, {"log_loss", number()}, {"auc", share()}, {"expected_calibration_error", share()}},
             "Quality of predicted click probabilities before learning, decayed over about the "
             "last 100000 examples."));
  all.emplace("LearnerOptions", object({{"parts", array_of(text())},
                                        {"session_gap_seconds", count()},
                                        {"type_weights", map_of(number())},
                                        {"type_aliases", map_of(text())},
                                        {"least_value", map_of(number())},
                                        {"max_items", count()},
                                        {"max_open_sessions", count()},
                                        {"dedupe_ids", count()},
                                        {"seed", count()}},
                                       "The options that decide which events are scored and learned from."));
  all.emplace("LearnerStatus",
              object({{"positions", reference("Positions")},
                      {"ends", reference("Positions")},
                      {"lag_events", count()},
                      {"lost_records", lost},
                      {"events_learned", count()},
                      {"events_published", count("Events learned by the snapshot that requests read.")},
                      {"items", count("Items known to the model.")},
                      {"stream_time", schema::time("Newest event time learned.")},
                      {"last_checkpoint", nullable(schema::time("Null before the first one."))},
                      {"options", reference("LearnerOptions")},
                      {"quality", map_of(reference("Quality"), "By part, and of the `blend` of all.")},
                      {"blend_advantage", number("Recent MRR of the blend minus that of its best part.")},
                      {"blender_influence", map_of(share(), "By part: its share of the blender's weight.")},
                      {"calibration", map_of(reference("Calibration"), "By part that predicts clicks.")},
                      {"memory_bytes", map_of(count(), "By part.")}}));
  all.emplace("Pipeline", object({{"sources", array_of(text(), "The parts, which propose candidates and score them.")},
                                  {"filters", array_of(text(), "What removes candidates, in this order.")}}));
  all.emplace("AttributeMemory",
              object({{"name", text()},
                      {"type", text("Of its values: `text`, `number`, `time`, `boolean`; `mixed`; `unsearched` if "
                                    "filters only know whether an item has it.")},
                      {"values", count("Distinct texts, and the numbers, times and booleans of all items.")},
                      {"bytes", count()}}));
  all.emplace("CatalogueMemory",
              object({{"bytes", count("Of the catalogue, looked at every second.")},
                      {"attributes", array_of(reference("AttributeMemory"), "Of these, the 50 largest attributes.")},
                      {"other_attributes", object({{"attributes", count()}, {"values", count()}, {"bytes", count()}},
                                                  "All others together.")}}));
  all.emplace("Memory", object({{"resident_bytes", count()},
                                {"store_bytes", map_of(count(), "Of the store, by kind.")},
                                {"catalogue", reference("CatalogueMemory")}}));
  all.emplace("Status", object({{"version", text("Of the server.")},
                                {"started", schema::time()},
                                {"log", text("`embedded` or `kafka`.")},
                                {"history", reference("HistoryStatus")},
                                {"learner", reference("LearnerStatus")},
                                {"snapshot", reference("Model")},
                                {"pipeline", reference("Pipeline")},
                                {"catalogue_items", count()},
                                {"memory", reference("Memory")}}));
}

}  // namespace

json::object schemas(const Options& options, const Parameters& parameters) {
  json::object all;
  all.emplace("Id", id());
  all.emplace("Time", one_of({time_text(), milliseconds()}, kTime));
  add_event_schemas(all);
  add_list_schemas(all, options, parameters);
  add_item_schemas(all);
  add_history_schemas(all);
  add_operation_schemas(all);
  return all;
}

}  // namespace freshet::serve
