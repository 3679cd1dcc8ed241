// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/receipt.h"
#include "serve/routing/json.h"
#include "serve/routing/message.h"

namespace freshet::serve {

/// Adds the rejected events or items to an answer, and their number if there are more than the receipt lists.
inline void add_rejected(const Receipt& receipt, std::size_t rejected, json::object& answer) {
  json::array list;
  for (const auto& [index, reason] : receipt.rejected) {
    list.push_back(json::object{{"index", index}, {"error", reason}});
  }
  answer["rejected"] = std::move(list);
  if (rejected > receipt.rejected.size()) answer["rejected_count"] = rejected;
}

/// Answers with what became of the events or items of a request: 202 and a token, or 400 if none was accepted.
/// `what`: "event" or "item". `rejected`: how many were; the receipt may list fewer.
inline ApiResponse receipt_response(const Receipt& receipt, std::string_view what, std::size_t rejected) {
  if (receipt.accepted == 0 && !receipt.rejected.empty()) {
    ApiResponse response =
        problem(400, "no " + std::string(what) + " was accepted; the first: " + receipt.rejected.front().reason);
    json::value body = json::parse(response.body);
    add_rejected(receipt, rejected, body.as_object());
    response.body = to_text(body);
    return response;
  }
  json::object body{{"accepted", receipt.accepted}};
  add_rejected(receipt, rejected, body);
  body["token"] = to_token(receipt.positions);
  return json_response(std::move(body), 202);
}

inline ApiResponse receipt_response(const Receipt& receipt, std::string_view what) {
  return receipt_response(receipt, what, receipt.rejected.size());
}

}  // namespace freshet::serve
