// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/line_receipts.h"

#include <utility>

#include "base/take.h"
#include "serve/api/v1/receipt.h"
#include "serve/routing/respond_once.h"

namespace freshet::serve {

LineReceipts::LineReceipts(Settings settings, const std::shared_ptr<Executor>& executor, Submit submit)
    : settings_(std::move(settings)), executor_(executor), submit_(std::move(submit)) {}

void LineReceipts::take(std::string_view lines, Respond done) {
  if (!std::exchange(begun_, true)) take_byte_order_mark(lines);
  const auto once = RespondOnce::within(
      settings_.timeout, "the log has not acknowledged in time; the lines behind those taken may still be accepted",
      *executor_.lock(), std::move(done));
  submit_(lines, [self = shared_from_this(), once](Result<Receipt> receipt) {
    const Respond answer = once->take();
    if (!answer) return;
    if (!receipt) return answer(problem(receipt.error()));
    self->add(*receipt);
    answer({.status = 202, .content_type = {}, .body = {}, .headers = {}});
  });
}

void LineReceipts::reject_line(std::string reason) {
  begun_ = true;
  reject(lines_++, std::move(reason));
}

void LineReceipts::add(const Receipt& receipt) {
  for (const auto& [index, reason] : receipt.rejected) reject(lines_ + index, reason);
  lines_ += receipt.accepted + receipt.rejected.size();
  receipt_.accepted += receipt.accepted;
  advance(receipt_.positions, receipt.positions);
}

void LineReceipts::reject(std::size_t line, std::string reason) {
  ++rejected_;
  if (receipt_.rejected.size() < settings_.most_rejected) receipt_.rejected.push_back({line, std::move(reason)});
}

ApiResponse LineReceipts::answer(std::optional<ApiResponse> stopped) {
  if (!stopped) {
    if (lines_ == 0) return problem(400, "the body is empty");
    return receipt_response(receipt_, settings_.what, rejected_);
  }
  json::value body = json::parse(stopped->body);
  json::object& problem = body.as_object();
  problem["taken"] = lines_;
  problem["accepted"] = receipt_.accepted;
  add_rejected(receipt_, rejected_, problem);
  problem["token"] = to_token(receipt_.positions);
  stopped->body = to_text(body);
  return *std::move(stopped);
}

}  // namespace freshet::serve
