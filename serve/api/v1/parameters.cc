// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/parameters.h"

#include <utility>

#include "base/served_list.h"
#include "base/units.h"
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

Parameter<std::size_t> make_list_limit() {
  auto limit = query_integer("limit", "Number of lists per page.", 1, kMaxPageLists, kMaxPageLists);
  limit.component = "list_limit";
  return limit;
}

Parameter<std::optional<store::HistoryCursor>> make_served_cursor() {
  auto cursor = query_text<store::HistoryCursor>("cursor", "`next` of the previous page.", kHistoryCursorPattern,
                                                 parse_history_cursor);
  cursor.component = "served_cursor";
  return cursor;
}

Result<std::string> parse_placement(const std::string& text) {
  if (!is_placement(text)) {
    return Error{Errc::invalid, "expected 1 to 64 lower-case letters, digits, '-' and '_'"};
  }
  return text;
}

Result<std::chrono::milliseconds> parse_age(const std::string& text) {
  const auto age = parse_duration(text);
  if (!age) return Error{Errc::invalid, "expected a duration such as 30m or 12h"};
  return *age;
}

Parameter<std::size_t> make_item_limit() {
  auto limit = query_integer("limit", "Number of items per page.", 1, kMaxPageItems, 100);
  limit.component = "item_limit";
  return limit;
}

Result<std::string> any(const std::string& text) { return text; }

Parameter<std::optional<std::string>> make_item_cursor() {
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
          any)),
      content(query_share(
          "content",
          "Share of the part `content` in the order: 0 as if it did not take part, 1 alone. Without it, what the blend "
          "has learned.")),
      placement(query_text<std::string>("placement",
                                        "Where the list is shown, a name of your choice; `default` without it. It is "
                                        "recorded with the list.",
                                        "^[a-z0-9_-]{1,64}$", parse_placement)),
      exclude_served(query_text<std::chrono::milliseconds>(
          "exclude_served",
          "Leave out the items that this user or session was served within this time, such as `30m`. Recorded lists "
          "are known once the store has followed the log, and what this instance has served in the last 10 minutes "
          "at once.",
          "^.*$", parse_age)),
      page(query_text<std::string>("page",
                                   "`next` of the answer before: the items that follow. Give it with the parameters of "
                                   "the first page.",
                                   "^[A-Za-z0-9_-]+$", any)),
      value(query_text<online::Values>(
          "value",
          "What an event of each type is worth, in place of `[value]` of the configuration: `purchase:10,cart:3`. The "
          "list "
          "is in order of the value that is expected of an item. Empty: in order of what comes next.",
          "^.*$", [](const std::string& text) { return online::parse_values(text, ':'); })),
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
      list_limit(make_list_limit()),
      served_cursor(make_served_cursor()),
      item_limit(make_item_limit()),
      item_cursor(make_item_cursor()) {}

}  // namespace freshet::serve
