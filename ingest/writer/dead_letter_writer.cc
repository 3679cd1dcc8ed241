// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/dead_letter_writer.h"

#include <utility>

#include "base/log.h"

namespace freshet::ingest {
namespace {

constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr std::chrono::milliseconds kTroubledTimeout{2'000};  // enough for a broker to create the topic
constexpr std::chrono::seconds kPause{30};                    // after a failure

}  // namespace

DeadLetterWriter::DeadLetterWriter(DeadLetterSink* sink, Metrics& metrics)
    : sink_(sink),
      in_trouble_(
          metrics.gauge("freshet_ingest_dead_letter_topic_in_trouble",
                        "1 while the data directory keeps dead letters that should go to their topic, else 0.")) {}

bool DeadLetterWriter::append(std::span<const RejectedRecord> rejected) {
  if (rejected.empty()) return false;
  for (const RejectedRecord& record : rejected) {
    log::debug(
        "rejected",
        {{"partition", record.position.partition}, {"offset", record.position.offset}, {"reason", record.reason}});
  }
  if (sink_ == nullptr || !may_try()) return false;
  const auto appended = sink_->append(rejected, sink_->problem().empty() ? kTimeout : kTroubledTimeout);
  if (appended) {
    set_failure("");
    return true;
  }
  if (appended.error().code != Errc::invalid) {
    paused_until_ = std::chrono::steady_clock::now() + kPause;
    set_failure(appended.error().message);
  } else if (last_refusal_ != appended.error().message) {
    last_refusal_ = appended.error().message;
    log::warn("the dead-letter topic refuses dead letters; keeping these in the data directory",
              {{"reason", last_refusal_}});
  }
  return false;
}

bool DeadLetterWriter::may_try() const {
  const MutexLock lock(mutex_);
  return failure_.empty() || (sink_->problem().empty() && std::chrono::steady_clock::now() >= paused_until_);
}

void DeadLetterWriter::look() {
  if (sink_ == nullptr) return;
  const bool has_problem = !sink_->problem().empty();
  if (had_problem_ && !has_problem) set_failure("");
  had_problem_ = has_problem;
  in_trouble_.Set(problem().empty() ? 0 : 1);
}

void DeadLetterWriter::set_failure(std::string reason) {
  const MutexLock lock(mutex_);
  if (failure_.empty() && !reason.empty()) {
    log::warn("cannot write to the dead-letter topic; keeping dead letters in the data directory",
              {{"reason", reason}});
  }
  failure_ = std::move(reason);
}

std::string DeadLetterWriter::problem() const {
  {
    const MutexLock lock(mutex_);
    if (!failure_.empty()) return failure_;
  }
  return sink_ == nullptr ? "" : sink_->problem();
}

}  // namespace freshet::ingest
