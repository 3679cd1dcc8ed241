// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/list_answer.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "serve/recommend/page_token.h"

namespace freshet::serve {
namespace {

/// Reduces the list to what this page has of it. Returns the token of the next page; empty if this is the last one, or if the
/// token would be too long.
std::string take_page(const ListPage& page, List& list) {
  const std::unordered_set<std::uint32_t> before(page.shown.begin(), page.shown.end());
  std::vector<List::Entry> items;
  std::vector<std::uint32_t> hashes;
  for (List::Entry& entry : list.items) {
    const std::uint32_t hash = item_hash(entry.item);
    if (hashes.size() == page.k || before.contains(hash)) continue;
    hashes.push_back(hash);
    items.push_back(std::move(entry));
  }
  list.items = std::move(items);
  if (hashes.size() < page.k || page.shown.size() + hashes.size() > PageToken::kMaxShown) return {};
  const std::string& first = page.audience.page_of.empty() ? list.id : page.audience.page_of;
  PageToken next{first, page.shown};
  next.shown.insert(next.shown.end(), hashes.begin(), hashes.end());
  return to_text(next, page.audience.owner);
}

}  // namespace

ApiResponse list_response(const List& list, std::string_view next) {
  ApiResponse response;
  response.body.reserve(256 + 64 * list.items.size());
  JsonWriter out(response.body);
  out.open('{').name("request").text(list.id).name("items").open('[');
  for (const List::Entry& entry : list.items) {
    out.open('{').name("item").text(entry.item).name("score").number(entry.score);
    if (!entry.parts.empty()) {
      out.name("parts").open('{');
      for (const auto& [part, score] : entry.parts) out.name(part).number(score);
      out.close('}');
    }
    if (entry.propensity) out.name("explored").raw("true").name("propensity").number(*entry.propensity);
    out.close('}');
  }
  out.close(']').name("model").open('{').name("version").number(list.model_version);
  out.name("age_ms").number(list.model_age_ms).close('}');
  out.name("source").text(list.source).name("parts").open('[');
  for (const std::string& part : list.parts) out.text(part);
  out.close(']');
  if (!list.notes.empty()) {
    out.name("notes").open('[');
    for (const std::string& note : list.notes) out.text("filter: " + note);
    out.close(']');
  }
  if (!next.empty()) out.name("next").text(next);
  out.close('}');
  return response;
}

ApiResponse page_response(const EndpointContext& context, const ListPage& page, List list) {
  const std::string next = take_page(page, list);
  context.recorder.record(page.audience, list);
  return list_response(list, next);
}

}  // namespace freshet::serve
