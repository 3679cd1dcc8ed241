#include "serve/api/v1/parameters.h"

#include <utility>

#include "serve/api/v1/export_cursor.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kMaxEvents = 100'000;
constexpr std::size_t kDefaultEvents = 1000;

/// A second parameter of the name "limit" needs a name of its own in the OpenAPI document.
Parameter<std::size_t> make_page_limit() {
  auto limit = query_integer("limit", "Number of events per page.", 1, kMaxPageEvents, kMaxPageEvents);
  limit.component = "page_limit";
  return limit;
}

Parameter<std::size_t> make_item_limit() {
  auto limit = query_integer("limit", "Number of items per page.", 1, kMaxPageItems, 100);
  limit.component = "item_limit";
  return limit;
}

Parameter<std::optional<std::string>> make_item_cursor() {
  const auto any = [](const std::string& text) { return Result<std::string>(text); };
  auto cursor = query_text<std::string>("cursor", "`next` of the previous page.", "^.+$", any);
  cursor.component = "item_cursor";
  return cursor;
}

}  // namespace

Parameters::Parameters(const Options& options)
    : user(path_id("user", "User id.")),
      session(path_id("session", "Session id.")),
      item(path_id("item", "Item id.")),
      k(query_integer("k", "Length of the list (upper limit: `serve.max_k`).", 1, options.max_k, options.default_k)),
      exclude(query_set("exclude",
                        "Ids of items to leave out, separated by commas. In an id, `\\,` stands for a comma and `\\\\` "
                        "for a backslash; an id alone needs neither. Empty ids are ignored.")),
      exclude_seen(query_flag(
          "exclude_seen",
          "Leave out the items of the session, and those of the user's or session's newest 10,000 stored events.")),
      explain(query_flag("explain", "Name, per item, the parts that proposed it, with their scores.")),
      exclude_types(query_text<ExcludedTypes>(
          "exclude_types",
          "Leave out the items that the user or session had events of these types with, each within an age or of any "
          "age: `purchase:90d,cart`. Looks at as many events as `exclude_seen`. In a type, `\\,`, `\\:` and `\\\\` "
          "stand for a comma, a colon and a backslash. Empty entries are ignored.",
          "^.*$", ExcludedTypes::parse)),
      filter(query_text<std::string>(
          "filter", "Only items that this expression matches, such as `brand = \"acme\" AND price < 50`.", "^.*$",
          [](const std::string& text) { return Result<std::string>(text); })),
      content(query_share(
          "content",
          "Share of the part `content` in the order: 0 as if it did not take part, 1 alone. Without it, what the blend "
          "has learned.")),
      after(query_text<Positions>(
          "after",
          "Token of an answer to `POST /v1/events`, or to a change of items: wait until histories "
          "and catalogue contain it, at most `serve.after_timeout`.",
          "^(s|0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,17})"
          "(_(s|0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,17}))*$",
          parse_token)),
      limit(query_integer("limit", "Number of events, newest first.", 1, kMaxEvents, kDefaultEvents)),
      page_limit(make_page_limit()),
      cursor(query_text<ExportCursor>("cursor", "`next` of the previous page.", kExportCursorPattern,
                                      parse_export_cursor)),
      item_limit(make_item_limit()),
      item_cursor(make_item_cursor()) {}

}  // namespace freshet::serve
