#pragma once

#include <string_view>

#include "base/receipt.h"
#include "serve/routing/json.h"
#include "serve/routing/message.h"

namespace freshet::serve {

/// Answers with what became of the events or items of a request: 202 and a token, or 400 if none was accepted.
/// `what`: "event" or "item".
inline ApiResponse receipt_response(const Receipt& receipt, std::string_view what) {
  json::array rejected;
  for (const auto& [index, reason] : receipt.rejected) {
    rejected.push_back(json::object{{"index", index}, {"error", reason}});
  }
  if (receipt.accepted == 0 && !receipt.rejected.empty()) {
    ApiResponse response =
        problem(400, "no " + std::string(what) + " was accepted; the first: " + receipt.rejected.front().reason);
    json::value body = json::parse(response.body);
    body.as_object()["rejected"] = std::move(rejected);
    response.body = to_text(body);
    return response;
  }
  return json_response(
      {{"accepted", receipt.accepted}, {"rejected", std::move(rejected)}, {"token", to_token(receipt.positions)}}, 202);
}

}  // namespace freshet::serve
