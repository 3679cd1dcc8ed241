// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/pseudonyms.h"
#include "base/served_list_writer.h"
#include "ingest/event_log.h"

namespace freshet::ingest {

/// Appends the records of lists to the log, keyed by their owner as its events are.
/// Threads: as ServedListWriter.
/// Limits:  kMaxLists and kMaxBytes are on their way to the log at once, a part of what the log itself holds for all
///          appends, so that lists never crowd out events. Others are dropped.
class LogServedListWriter final : public ServedListWriter {
 public:
  static constexpr std::size_t kMaxLists = 10'000;
  static constexpr std::size_t kMaxBytes = 8 << 20;

  /// `logged`: the pseudonyms of owners in the log.
  LogServedListWriter(EventLog& log, Pseudonyms logged);

  void write(const Owner& owner, Timestamp time, const SharedServedList& list,
             std::function<void(bool logged)> done) override;

 private:
  /// What is on its way to the log, which may outlive the writer.
  struct OnTheirWay {
    std::atomic<std::size_t> lists{0}, bytes{0};
  };

  EventLog& log_;
  const Pseudonyms logged_;
  const std::shared_ptr<OnTheirWay> on_their_way_ = std::make_shared<OnTheirWay>();
};

}  // namespace freshet::ingest
