// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/receipt.h"
#include "base/result.h"
#include "serve/routing/line_intake.h"
#include "serve/routing/message.h"

namespace freshet::serve {

/// Submits the lines of a body, a piece at a time, and answers with one receipt for all of them.
/// Threads: as LineIntake. An acknowledgment that comes after the timeout of its piece changes nothing.
class LineReceipts final : public LineIntake, public std::enable_shared_from_this<LineReceipts> {
 public:
  struct Settings {
    std::string what;                   ///< "event" or "item"
    std::size_t most_rejected = 0;      ///< that the answer lists; it counts all
    std::chrono::milliseconds timeout;  ///< of a piece, to become durable
  };
  /// Validates lines and makes them durable; the receipt is for these lines alone.
  using Submit = std::function<void(std::string_view lines, std::function<void(Result<Receipt>)> done)>;

  /// `executor`: the request's, which outlives every call of take().
  LineReceipts(Settings settings, const std::shared_ptr<Executor>& executor, Submit submit);

  void take(std::string_view lines, Respond done) override;
  void reject_line(std::string reason) override;
  ApiResponse answer(std::optional<ApiResponse> stopped) override;

 private:
  void add(const Receipt& receipt);
  void reject(std::size_t line, std::string reason);

  const Settings settings_;
  const std::weak_ptr<Executor> executor_;  // an acknowledgment may come, and end this, when its thread is gone
  const Submit submit_;
  bool begun_ = false;
  std::size_t lines_ = 0;     // without the empty ones
  std::size_t rejected_ = 0;  // of these
  Receipt receipt_{.accepted = 0, .rejected = {}, .positions = {{0, 0}}};
};

}  // namespace freshet::serve
