// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/replay_target.h"

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/item_json.h"
#include "base/metrics.h"
#include "cli/support/http_client.h"
#include "ingest/codec/event_encoder.h"
#include "ingest/codec/item_entries.h"
#include "ingest/kafka/kafka_log.h"

namespace freshet::cli {
namespace {

constexpr std::size_t kConnections = 4;
constexpr std::size_t kBatchEvents = 500;
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;  // a larger record is sent alone
constexpr std::size_t kQuotedBytes = 100;                  // of a record that is refused
constexpr std::size_t kQueuedEvents = 4 * kBatchEvents;    // per connection
constexpr std::uint64_t kKafkaUnderWay = 50'000;
constexpr std::chrono::milliseconds kFirstBackoff{100};
constexpr std::chrono::milliseconds kLastBackoff{2000};

/// Counts that several threads change.
class SharedCounts {
 public:
  template <typename Change>
  void change(Change change) {
    std::lock_guard lock(mutex_);
    change(counts_);
    changed_.notify_all();
  }

  template <typename Predicate>
  void wait(Predicate predicate) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return predicate(counts_); });
  }

  ReplayTarget::Counts get() {
    std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  ReplayTarget::Counts counts_;  // guarded by mutex_
};

void note(ReplayTarget::Counts& counts, const std::string& problem) {
  if (counts.first_problem.empty()) counts.first_problem = problem;
}

std::uint64_t answered(const ReplayTarget::Counts& counts) {
  return counts.acknowledged + counts.rejected + counts.failed;
}

/// A connection with a queue of its own. Sends one batch at a time, so that events with the same key stay in order.
class HttpLane {
 public:
  HttpLane(const std::string& url, ReplayKind kind, std::chrono::seconds patience, SharedCounts& counts)
      : counts_(counts), target_(kind == ReplayKind::events ? "/v1/events" : "/v1/items"), patience_(patience) {
    auto client = HttpClient::make(url);
    if (!client) throw std::runtime_error("--url: " + client.error().message);
    client_ = *std::move(client);
    thread_ = std::jthread([this] { run(); });
  }

  ~HttpLane() { close(); }

  void push(std::string event) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.size() < kQueuedEvents; });
    queue_.push_back(std::move(event));
    changed_.notify_all();
  }

  /// Sends the queued events and stops.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    while (true) {
      std::vector<std::string> batch;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !queue_.empty() || closed_; });
        if (queue_.empty()) return;
        std::size_t bytes = 0;
        const auto end = std::find_if(queue_.begin(), queue_.end(), [&](const std::string& record) {
          const bool first = bytes == 0;
          bytes += record.size() + 1;
          return !first && bytes > kBatchBytes;
        });
        const auto count = std::min(end - queue_.begin(), static_cast<std::ptrdiff_t>(kBatchEvents));
        batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.begin() + count));
        queue_.erase(queue_.begin(), queue_.begin() + count);
        changed_.notify_all();
      }
      post(batch);
    }
  }

  /// Sends the batch. One that the service does not take as a whole is sent in halves, so that only the records are
  /// refused that it takes in no batch.
  void post(std::span<const std::string> batch) {
    const auto answer = final_answer(batch);
    if (!answer) {
      counts_.change([&](ReplayTarget::Counts& counts) {
        counts.failed += batch.size();
        note(counts, answer.error().message);
      });
    } else if (batch.size() > 1 && is_refused_as_whole(*answer, batch)) {
      post(batch.first(batch.size() / 2));
      post(batch.subspan(batch.size() / 2));
    } else if (answer->status == kTooLarge) {
      const std::string& record = batch.front();
      counts_.change([&](ReplayTarget::Counts& counts) {
        ++counts.rejected;
        note(counts, "a record of " + std::to_string(record.size()) + " bytes is too large for the service (" +
                         summary(*answer) + "): " + beginning_of(record));
      });
    } else {
      record(*answer, batch);
    }
  }

  /// True if the service, or a proxy before it, has looked at no record: the body is too large, or has too many records.
  static bool is_refused_as_whole(const HttpClient::Answer& answer, std::span<const std::string> batch) {
    return answer.status == kTooLarge || (answer.status == kBadRequest && !refused_in(answer, batch));
  }

  /// Retries until the answer is final. An error after `patience`.
  Result<HttpClient::Answer> final_answer(std::span<const std::string> batch) {
    std::string body;
    for (const std::string& record : batch) body.append(record).append("\n");
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    auto backoff = kFirstBackoff;
    while (true) {
      auto answer = client_->post(target_, "application/x-ndjson", body);
      if (answer && answer->status != 503 && answer->status != 429) return answer;
      const std::string why = answer ? "HTTP " + std::to_string(answer->status) : answer.error().message;
      const auto asked = answer ? std::chrono::milliseconds(answer->retry_after) : std::chrono::milliseconds(0);
      const auto pause = std::max(asked, backoff);
      const auto now = std::chrono::steady_clock::now();
      if (now >= deadline || now + asked > deadline) return Error{Errc::unavailable, why};
      std::this_thread::sleep_for(pause);
      backoff = std::min(backoff * 2, kLastBackoff);
    }
  }

  static std::string summary(const HttpClient::Answer& answer) {
    return "HTTP " + std::to_string(answer.status) + ": " + answer.body.substr(0, 200);
  }

  struct Refused {
    std::size_t records = 0;
    std::string first;  // the first one, with the reason
  };

  /// What the service refuses of the batch; nullopt if the answer does not say, as when it has looked at no record.
  static std::optional<Refused> refused_in(const HttpClient::Answer& answer, std::span<const std::string> batch) {
    boost::system::error_code error;
    const boost::json::value body = boost::json::parse(answer.body, error);
    if (error) return std::nullopt;
    const auto* const rejected = body.find_pointer("/rejected", error);
    if (rejected == nullptr || !rejected->is_array()) return std::nullopt;
    Refused refused{rejected->as_array().size(), {}};
    if (const auto* const all = body.find_pointer("/rejected_count", error)) {
      refused.records = std::min(all->to_number<std::size_t>(error), batch.size());  // the list has the first ones only
    }
    const auto* const reason = body.find_pointer("/rejected/0/error", error);
    if (reason == nullptr || !reason->is_string()) return refused;
    refused.first = reason->as_string();
    const auto* const index = body.find_pointer("/rejected/0/index", error);
    const auto place = index == nullptr ? batch.size() : index->to_number<std::size_t>(error);
    if (place < batch.size()) refused.first += ": " + beginning_of(batch[place]);
    return refused;
  }

  static std::string beginning_of(const std::string& record) {
    return record.size() > kQuotedBytes ? record.substr(0, kQuotedBytes) + "..." : record;
  }

  void record(const HttpClient::Answer& answer, std::span<const std::string> batch) {
    const auto refused = refused_in(answer, batch);
    counts_.change([&](ReplayTarget::Counts& counts) {
      if (!refused) {
        counts.failed += batch.size();
        note(counts, summary(answer));
        return;
      }
      counts.rejected += refused->records;
      counts.acknowledged += batch.size() - refused->records;
      if (!refused->first.empty()) note(counts, refused->first);
    });
  }

  static constexpr unsigned kBadRequest = 400, kTooLarge = 413;

  SharedCounts& counts_;
  const std::string_view target_;
  const std::chrono::seconds patience_;
  std::unique_ptr<HttpClient> client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> queue_;  // guarded by mutex_
  bool closed_ = false;             // guarded by mutex_
  std::jthread thread_;             // last, since it uses the others
};

class HttpTarget final : public ReplayTarget {
 public:
  HttpTarget(const std::string& url, ReplayKind kind, std::chrono::seconds patience) {
    for (std::size_t i = 0; i < kConnections; ++i) {
      lanes_.push_back(std::make_unique<HttpLane>(url, kind, patience, counts_));
    }
  }

  void send(const Event& event) override {
    counts_.change([](Counts& counts) { ++counts.sent; });
    const bool is_item = event.kind == EventKind::item;
    const std::string_view key = is_item ? std::string_view(event.item) : partition_key(event);
    HttpLane& lane = *lanes_[std::hash<std::string_view>{}(key) % lanes_.size()];
    if (is_item) return lane.push(item_json(event.change->item));
    Event mine = event;
    mine.sender.clear();  // the service says who sent it
    lane.push(ingest::encode_event(mine));
  }

  Counts finish() override {
    for (const auto& lane : lanes_) lane->close();
    return counts_.get();
  }

 private:
  SharedCounts counts_;
  std::vector<std::unique_ptr<HttpLane>> lanes_;
};

class KafkaTarget final : public ReplayTarget {
 public:
  explicit KafkaTarget(const ingest::KafkaOptions& options) : log_(options, metrics_) {}

  void send(const Event& event) override {
    counts_.wait([](const Counts& counts) { return counts.sent - answered(counts) < kKafkaUnderWay; });
    counts_.change([](Counts& counts) { ++counts.sent; });
    std::vector<ingest::LogEntry> entries;
    if (event.kind == EventKind::item) {
      ingest::add_item_entries(log_, *event.change, entries);
    } else {
      entries.push_back({std::string(partition_key(event)), ingest::encode_event(event)});
    }
    log_.append(std::move(entries), [this](Result<Positions> end) {
      counts_.change([&](Counts& counts) {
        ++(end ? counts.acknowledged : counts.failed);
        if (!end) note(counts, end.error().message);
      });
    });
  }

  Counts finish() override {
    counts_.wait([](const Counts& counts) { return answered(counts) == counts.sent; });
    return counts_.get();
  }

 private:
  Metrics metrics_;
  SharedCounts counts_;
  ingest::KafkaLog log_;
};

}  // namespace

std::unique_ptr<ReplayTarget> make_http_target(const std::string& url, ReplayKind kind, std::chrono::seconds patience) {
  return std::make_unique<HttpTarget>(url, kind, patience);
}

std::unique_ptr<ReplayTarget> make_kafka_target(const ingest::KafkaOptions& options) {
  return std::make_unique<KafkaTarget>(options);
}

}  // namespace freshet::cli
