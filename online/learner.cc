#include "online/learner.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "base/sync.h"

namespace freshet::online {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kPollRecords = 500;  // small enough to publish on time while catching up
constexpr std::chrono::milliseconds kPollTimeout{50};
constexpr std::chrono::milliseconds kFirstBackoff{50};
constexpr std::chrono::milliseconds kLastBackoff{2000};
constexpr std::chrono::seconds kStatusInterval{1};

void save_positions(ByteWriter& out, const Positions& positions) {
  out.varint(positions.size());
  for (const auto& [partition, offset] : positions) {
    out.fixed(partition);
    out.fixed(offset);
  }
}

Positions load_positions(ByteReader& in) {
  Positions positions;
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto partition = in.fixed<std::int32_t>();
    positions[partition] = in.fixed<std::int64_t>();
  }
  return positions;
}

}  // namespace

struct Learner::Impl {
  Impl(EventReader& the_reader, store::CheckpointStore& the_checkpoints, MakeModel the_make_model,
       const Options& the_options, const Clock& the_clock, Metrics& the_metrics)
      : reader(the_reader),
        checkpoints(the_checkpoints),
        make_model(std::move(the_make_model)),
        options(the_options),
        clock(the_clock),
        metrics(the_metrics),
        events_total(metrics.counter("freshet_learner_events_total", "Events learned since the start.")),
        checkpoint_seconds(metrics.histogram("freshet_learner_checkpoint_seconds", "Time to write one checkpoint.",
                                             {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30})) {}

  Result<void> load(std::string_view bytes);
  void learn(const EventBatch& batch);
  void publish();
  void refresh_status();
  bool checkpoint();
  void set_problem(std::string text);
  Counter& checkpoints_total(const char* result) {
    return metrics.counter("freshet_learner_checkpoints_total", "Checkpoints, by result.", {{"result", result}});
  }

  EventReader& reader;
  store::CheckpointStore& checkpoints;
  MakeModel make_model;
  const Options options;
  const Clock& clock;
  Metrics& metrics;
  Counter& events_total;
  Histogram& checkpoint_seconds;
  std::function<void(const Positions&)> checkpointed;

  // learner thread only, once run() has begun
  std::unique_ptr<Model> model;
  Positions positions;
  bool unpublished = false;
  bool unsaved = false;

  Published<Snapshot> snapshot;
  mutable std::mutex mutex;
  LearnerStatus status;  // guarded by mutex
};

Learner::Learner(EventReader& reader, store::CheckpointStore& checkpoints, MakeModel make_model, const Options& options,
                 const Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(reader, checkpoints, std::move(make_model), options, clock, metrics)) {}

Learner::~Learner() = default;

Result<void> Learner::Impl::load(std::string_view bytes) {
  ByteReader in(bytes);
  const Timestamp written = timestamp_from_ms(in.fixed<std::int64_t>());
  Positions at = load_positions(in);
  if (!in.ok()) return Error{Errc::corrupt, "positions: damaged"};
  auto loaded_model = make_model();
  if (auto loaded = loaded_model->load(in); !loaded) return loaded;
  model = std::move(loaded_model);
  positions = std::move(at);
  std::lock_guard lock(mutex);
  status.last_checkpoint = written;
  return {};
}

void Learner::restore() {
  Impl& learner = *impl_;
  if (learner.checkpoints.read_newest([&](std::string_view bytes) { return learner.load(bytes); })) {
    log::info("learner goes on from its checkpoint", {{"events_learned", learner.model->events_learned()}});
    if (learner.checkpointed) learner.checkpointed(learner.positions);
  } else {
    learner.model = learner.make_model();
    learner.positions.clear();
    if (!learner.checkpoints.list().empty()) {
      log::error("no checkpoint could be used: learning the log from its beginning");
    }
  }
  learner.reader.seek(learner.positions);
  learner.publish();
  learner.refresh_status();
}

void Learner::Impl::learn(const EventBatch& batch) {
  for (const PositionedEvent& entry : batch.events) model->learn(entry.event);
  advance(positions, batch.next);
  events_total.Increment(static_cast<double>(batch.events.size()));
  unpublished = unsaved = true;
}

void Learner::Impl::publish() {
  snapshot.store(model->publish(clock.now()));
  unpublished = false;
}

/// Copies what other threads may ask about, and sets the gauges.
void Learner::Impl::refresh_status() {
  LearnerStatus now;
  now.positions = positions;
  now.ends = reader.end_positions();
  now.lag_events = distance(positions, now.ends);
  now.events_learned = model->events_learned();
  now.stream_time = model->stream_time();
  now.items = model->vocabulary().size();
  const auto names = model->part_names();
  for (std::size_t part = 0; part < names.size(); ++part) now.quality.emplace_back(names[part], model->quality(part));
  now.memory_bytes = model->memory_bytes();

  metrics.gauge("freshet_learner_lag_events", "Records of the log that are not learned yet.")
      .Set(static_cast<double>(now.lag_events));
  metrics.gauge("freshet_learner_items", "Items in the learner's vocabulary.").Set(static_cast<double>(now.items));
  metrics.gauge("freshet_learner_stream_time_seconds", "Newest event time learned, in seconds since 1970.")
      .Set(static_cast<double>(to_ms(now.stream_time)) / 1000.0);
  for (const auto& [part, quality] : now.quality) {
    const auto set = [&](const char* metric, double value) {
      metrics
          .gauge("freshet_learner_quality", "Progressive validation at 20 over about the last 10,000 scored events.",
                 {{"part", part}, {"metric", metric}})
          .Set(value);
    };
    set("hit_rate", quality.recent_hit_rate);
    set("mrr", quality.recent_mrr);
    set("ndcg", quality.recent_ndcg);
  }
  for (const auto& [part, bytes] : now.memory_bytes) {
    metrics.gauge("freshet_learner_memory_bytes", "Memory of the learner by part.", {{"part", part}})
        .Set(static_cast<double>(bytes));
  }

  std::lock_guard lock(mutex);
  now.problem = std::move(status.problem);
  now.last_checkpoint = status.last_checkpoint;
  status = std::move(now);
}

bool Learner::Impl::checkpoint() {
  const auto start = std::chrono::steady_clock::now();
  std::string bytes;
  ByteWriter out(bytes);
  const Timestamp now = clock.now();
  out.fixed(to_ms(now));
  save_positions(out, positions);
  model->save(out);
  const auto written = checkpoints.write(bytes);
  checkpoints_total(written ? "written" : "failed").Increment();
  if (!written) {
    set_problem("checkpoint: " + written.error().message);
    return false;
  }
  checkpoint_seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  set_problem("");
  unsaved = false;
  if (checkpointed) checkpointed(positions);
  std::lock_guard lock(mutex);
  status.last_checkpoint = now;
  return true;
}

void Learner::Impl::set_problem(std::string text) {
  std::lock_guard lock(mutex);
  if (text != status.problem && !text.empty()) log::warn("learner", {{"problem", text}});
  status.problem = std::move(text);
}

void Learner::run(std::stop_token stop) {
  Impl& learner = *impl_;
  FRESHET_CHECK(learner.model != nullptr);
  SteadyTime next_publish{}, next_status{};
  SteadyTime next_checkpoint = std::chrono::steady_clock::now() + learner.options.checkpoint_interval;
  auto backoff = kFirstBackoff;
  bool reading = true;
  while (!stop.stop_requested()) {
    const auto batch = learner.reader.poll(kPollRecords, kPollTimeout);
    if (batch) {
      if (!std::exchange(reading, true)) learner.set_problem("");
      backoff = kFirstBackoff;
      if (!batch->empty()) learner.learn(*batch);
    } else {
      reading = false;
      learner.set_problem("log: " + batch.error().message);
      std::this_thread::sleep_for(backoff);
      backoff = std::min(backoff * 2, kLastBackoff);
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (learner.unpublished && now >= next_publish) {
      learner.publish();
      next_publish = now + learner.options.publish_interval;
    }
    if (now >= next_status) {
      learner.refresh_status();
      next_status = now + kStatusInterval;
    }
    if (learner.unsaved && now >= next_checkpoint) {
      const bool written = learner.checkpoint();
      next_checkpoint =
          std::chrono::steady_clock::now() + (written ? learner.options.checkpoint_interval : std::chrono::seconds(5));
    }
  }
  if (learner.unsaved) learner.checkpoint();
  learner.refresh_status();
}

std::shared_ptr<const Snapshot> Learner::snapshot() const { return impl_->snapshot.load(); }

const Vocabulary& Learner::vocabulary() const { return impl_->model->vocabulary(); }

LearnerStatus Learner::status() const {
  std::lock_guard lock(impl_->mutex);
  LearnerStatus status = impl_->status;
  return status;
}

void Learner::on_checkpoint(std::function<void(const Positions&)> callback) {
  impl_->checkpointed = std::move(callback);
}

}  // namespace freshet::online
