// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/body_form.h"
#include "base/item.h"
#include "base/receipt.h"
#include "base/result.h"

namespace freshet {

/// What is known about a body of items beside its text.
struct ItemSubmission {
  ItemChange::Kind kind = ItemChange::Kind::put;
  std::string item{};         ///< the one item that the body is about; empty: each names its own
  std::size_t max_items = 1;  ///< more are refused
  BodyForm form = BodyForm::any;
};

/// Writes changes of the catalogue to the log. The server uses it, ingest/intake implements it.
/// Threads: all methods may be called concurrently; each callback runs exactly once, on any thread, possibly the
///          caller's.
/// Errors:  invalid (the body is not JSON items, or the one item is not valid), overloaded, unavailable, shutting_down.
class ItemWriter {
 public:
  virtual ~ItemWriter() = default;

  /// Validates the items in `body` (one object, an array or NDJSON; docs/catalogue.md) and appends the valid ones to the
  /// log. `done` is called when they are durable.
  virtual void change(std::string_view body, const ItemSubmission& submission,
                      std::function<void(Result<Receipt>)> done) = 0;

  /// Appends the removal of `item`, whether the catalogue has it or not.
  virtual void remove(std::string_view item, std::function<void(Result<Receipt>)> done) = 0;
};

}  // namespace freshet
