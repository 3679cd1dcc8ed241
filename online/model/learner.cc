// SPDX-License-Identifier: Apache-2.0
#include "online/model/learner.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/sync.h"
#include "online/model/influence.h"
#include "online/model/learner_checkpoint.h"
#include "online/model/learner_metrics.h"
#include "online/model/scoring_share.h"
#include "online/model/unknown_types.h"

namespace freshet::online {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPollRecords = 256;  // small enough to publish on time between polls
constexpr milliseconds kPollTimeout{50};
constexpr milliseconds kGather{20};       // between polls once caught up: a wake-up costs more than learning one event
constexpr int kGatherings = 10;           // at least this many polls per snapshot
constexpr milliseconds kRetryPause{200};  // after the log could not be read
constexpr milliseconds kMemoryInterval{10'000};  // counting memory visits all of every part

/// True as well if the clock was set back: a snapshot must not wait until it has caught up.
bool is_due(Timestamp now, Timestamp last, milliseconds interval) { return now < last || now - last >= interval; }

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
        scoring(options.score_all_within, options.least_scored) {}

  void learn(const EventBatch& batch);
  void publish();
  void publish_if_due();
  void replace_snapshot(std::shared_ptr<const Snapshot> next);
  void write_checkpoint();
  void checkpoint_if_due();
  void find_restored(const std::string& name);
  void commit_restored();
  std::int64_t report_lag();
  void report_memory();
  void set_problem(std::string& which, std::string problem);

  EventReader& reader;
  store::CheckpointStore& checkpoints;
  const MakeModel make_model;
  const Options options;
  const Clock& clock;
  Metrics& metrics;
  std::function<void(const Positions&)> checkpointed;  // not changed once run() has begun

  // on the learner thread only, once run() has begun
  std::unique_ptr<Model> model;
  std::unique_ptr<LearnerMetrics> gauges;
  ScoringShare scoring;
  UnknownTypes unknown_types{options};
  Positions positions;
  Positions fallback;   // those of the checkpoint before the newest
  Positions committed;  // the last that were given to `checkpointed`
  Positions restored;   // to be given to it once the log has told that it is the same
  bool unpublished = false;
  bool unsaved = false;
  std::size_t checkpoints_with_erased = 0;  // how many of the newest checkpoints may contain an owner erased since
  Timestamp last_publish{}, last_checkpoint_try{}, last_memory{}, last_caught_up{};
  std::string log_problem, checkpoint_problem;
  std::vector<std::shared_ptr<const Snapshot>> replaced;  // snapshots that a request may still use

  Published<Snapshot> snapshot;
  mutable std::mutex status_mutex;
  LearnerStatus status;  // guarded by status_mutex; ends and lag are filled in by Learner::status()
};

Learner::Learner(EventReader& reader, store::CheckpointStore& checkpoints, MakeModel make_model, const Options& options,
                 const Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(reader, checkpoints, std::move(make_model), options, clock, metrics)) {}
Learner::~Learner() = default;

void Learner::on_checkpoint(std::function<void(const Positions&)> callback) {
  impl_->checkpointed = std::move(callback);
}

void Learner::restore() {
  Impl& m = *impl_;
  const std::optional<std::string> restored = m.checkpoints.read_newest([&m](std::string_view bytes) -> Result<void> {
    std::unique_ptr<Model> model = m.make_model();
    auto positions = decode_checkpoint(bytes, *model);
    if (!positions) return positions.error();
    m.model = std::move(model);
    m.positions = std::move(*positions);
    return {};
  });
  if (!restored) {
    if (m.checkpoints.list().empty()) {
      log::info("learner starts with an empty model: there is no checkpoint yet");
    } else {
      log::error("learner starts with an empty model: no checkpoint can be used; learning the log from its beginning");
    }
    m.model = m.make_model();
  }
  m.fallback = m.positions;
  if (restored) {
    m.find_restored(*restored);
    m.checkpoints_with_erased = m.options.keep_checkpoints - 1;  // the older ones may be from before an erasure
  }
  m.gauges = std::make_unique<LearnerMetrics>(m.metrics, m.model->part_names());
  m.last_checkpoint_try = m.last_caught_up = m.clock.now();
  m.publish();
  m.report_memory();
  if (restored) {
    log::info("learner resumes from its checkpoint",
              {{"events_learned", m.model->events_learned()}, {"items", m.model->vocabulary().size()}});
  }
}

/// Up to where the checkpoints of before the start allow the log to be trimmed. `name`: the one that was restored.
void Learner::Impl::find_restored(const std::string& name) {
  restored = positions;
  if (options.keep_checkpoints == 1) return;
  restored = decode_positions(checkpoints.head_before(name, kPositionsBytes));
  // An older checkpoint with a later position has it in a log before it was recreated.
  std::erase_if(restored, [this](const auto& one) {
    const auto own = positions.find(one.first);
    return own == positions.end() || one.second > own->second;
  });
}

/// A log that is full at the start is not to wait for the next checkpoint. A log that ends before the positions has been
/// recreated, which a poll will tell.
void Learner::Impl::commit_restored() {
  if (restored.empty() || !covers(reader.end_positions(), restored)) return;
  committed = std::exchange(restored, {});
  if (checkpointed) checkpointed(committed);
}

void Learner::Impl::set_problem(std::string& which, std::string problem) {
  if (which == problem) return;
  if (!problem.empty()) log::error("learner: a problem; retrying", {{"problem", problem}});
  if (problem.empty()) log::info("learner: the problem is gone", {{"problem", which}});
  which = std::move(problem);
  const std::lock_guard lock(status_mutex);
  status.problem = log_problem.empty() ? checkpoint_problem : log_problem;
}

void Learner::Impl::learn(const EventBatch& batch) {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t limited = model->events_limited();
  std::size_t unscored = 0, lists = 0, unknown = 0;
  for (const PositionedEvent& event : batch.events) {
    if (event.event.kind == EventKind::served) {
      ++lists;
      continue;
    }
    unknown += unknown_types.has(event.event) ? 1 : 0;
    const bool scores = scoring.next();
    unscored += scores ? 0 : 1;
    model->learn(event.event, event.arrival, scores ? Model::Scores::learned : Model::Scores::none);
    if (event.event.kind == EventKind::erase) checkpoints_with_erased = options.keep_checkpoints;
  }
  const std::size_t learned = batch.events.size() - lists;
  scoring.learned(learned, std::chrono::steady_clock::now() - begin);
  // The checkpoint before has no position in a log that was recreated since.
  for (const std::int32_t partition : batch.recreated) {
    fallback.erase(partition);
    restored.erase(partition);
  }
  move_to(positions, batch.next);
  unpublished |= learned > 0;
  unsaved = true;
  gauges->events.Increment(static_cast<double>(learned));
  gauges->limited.Increment(static_cast<double>(model->events_limited() - limited));
  gauges->unscored.Increment(static_cast<double>(unscored));
  gauges->unknown_types.Increment(static_cast<double>(unknown));
  gauges->rejected.Increment(static_cast<double>(batch.rejected.size()));
  const std::lock_guard lock(status_mutex);
  status.positions = positions;
  status.events_learned = model->events_learned();
  status.stream_time = model->stream_time();
  status.items = model->vocabulary().size();
}

void Learner::Impl::publish() {
  last_publish = clock.now();
  unpublished = false;
  auto next = model->publish(last_publish);
  gauges->snapshot_version.Set(static_cast<double>(next->version));
  gauges->stream_time.Set(static_cast<double>(to_ms(next->stream_time)) / 1000.0);
  gauges->items.Set(static_cast<double>(model->vocabulary().size()));
  const std::vector<std::string> names = model->part_names();
  std::vector<Quality> quality;
  for (std::size_t part = 0; part < names.size(); ++part) quality.push_back(model->quality(part));
  const std::vector<double> influence = influence_of_parts(*next);
  gauges->quality(quality);
  gauges->influence(influence, model->ranked_parts());
  replace_snapshot(std::move(next));
  gauges->diagnostics(model->diagnostics());
  const std::lock_guard lock(status_mutex);
  status.events_published = model->events_learned();
  status.positions = positions;
  status.events_learned = model->events_learned();
  status.stream_time = model->stream_time();
  status.items = model->vocabulary().size();
  status.blend_advantage = blend_advantage(quality);
  status.quality.clear();
  status.blender_influence.clear();
  for (std::size_t part = 0; part < names.size(); ++part) status.quality.emplace_back(names[part], quality[part]);
  for (std::size_t part = 0; part < influence.size(); ++part) {
    status.blender_influence.emplace_back(names[model->ranked_parts()[part]], influence[part]);
  }
  status.calibration = model->calibration();
}

/// Destroying a snapshot takes milliseconds with a large catalogue. The learner keeps a reference until no request uses
/// the snapshot, so that it is never destroyed on a request's thread.
void Learner::Impl::replace_snapshot(std::shared_ptr<const Snapshot> next) {
  if (auto old = snapshot.load()) replaced.push_back(std::move(old));
  snapshot.store(std::move(next));
  std::erase_if(replaced, [](const auto& old) { return old.use_count() == 1; });
}

void Learner::Impl::publish_if_due() {
  if (unpublished && is_due(clock.now(), last_publish, options.publish_interval)) publish();
}

std::int64_t Learner::Impl::report_lag() {
  const Timestamp now = clock.now();
  const std::int64_t lag = distance(positions, reader.end_positions());
  if (lag == 0 || now < last_caught_up) last_caught_up = now;
  gauges->lag_events.Set(static_cast<double>(lag));
  gauges->lag_seconds.Set(static_cast<double>((now - last_caught_up).count()) / 1000.0);
  if (is_due(now, last_memory, kMemoryInterval)) report_memory();
  return lag;
}

void Learner::Impl::report_memory() {
  last_memory = clock.now();
  auto bytes = model->memory_bytes();
  gauges->memory(bytes);
  const std::lock_guard lock(status_mutex);
  status.memory_bytes = std::move(bytes);
}

void Learner::Impl::write_checkpoint() {
  const auto begin = std::chrono::steady_clock::now();
  last_checkpoint_try = clock.now();
  const auto written = checkpoints.write([this](const store::CheckpointStore::Sink& sink) {
    std::string piece;
    ByteWriter out(piece, sink);
    encode_checkpoint(positions, *model, out);
    out.flush();
  });
  gauges->checkpoint_seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  if (!written) {
    gauges->checkpoints_failed.Increment();
    set_problem(checkpoint_problem, "checkpoint: " + written.error().message);
    return;
  }
  gauges->checkpoints_written.Increment();
  gauges->checkpoint_bytes.Set(static_cast<double>(*written));
  set_problem(checkpoint_problem, "");
  unsaved = false;
  if (checkpoints_with_erased > 0) --checkpoints_with_erased;
  {
    const std::lock_guard lock(status_mutex);
    status.last_checkpoint = last_checkpoint_try;
  }
  committed = options.keep_checkpoints > 1 ? std::exchange(fallback, positions) : positions;
  if (checkpointed) checkpointed(committed);
}

void Learner::Impl::checkpoint_if_due() {
  // The log keeps what is not committed. A full one accepts nothing before it is, so that nothing more is learned.
  const bool wanted = unsaved || checkpoints_with_erased > 0 || committed != positions;
  if (wanted && is_due(clock.now(), last_checkpoint_try, options.checkpoint_interval)) write_checkpoint();
}

void Learner::run(std::stop_token stop) {
  Impl& m = *impl_;
  FRESHET_CHECK(m.model != nullptr);
  m.reader.seek(m.positions);
  while (!stop.stop_requested()) {
    const milliseconds polled = m.clock.elapsed();
    auto batch = m.reader.poll(kPollRecords, kPollTimeout);
    const bool full = batch && batch->events.size() + batch->rejected.size() >= kPollRecords;
    if (!batch) {
      m.set_problem(m.log_problem, "log: " + batch.error().message);
      m.clock.sleep_for(stop, kRetryPause);
    } else {
      m.set_problem(m.log_problem, "");
      if (!batch->empty()) m.learn(*batch);
      m.commit_restored();
    }
    m.publish_if_due();
    m.checkpoint_if_due();
    const std::int64_t lag = m.report_lag();
    m.scoring.behind(lag);
    const bool more = lag >= static_cast<std::int64_t>(kPollRecords) || full;
    const milliseconds gathered = m.clock.elapsed() - polled;
    const milliseconds gather = std::min(kGather, m.options.publish_interval / kGatherings);
    if (!more && gathered < gather) m.clock.sleep_for(stop, gather - gathered);
  }
  if (m.unpublished) m.publish();
  if (m.unsaved) m.write_checkpoint();
}

std::shared_ptr<const Snapshot> Learner::snapshot() const { return impl_->snapshot.load(); }

const Vocabulary& Learner::vocabulary() const {
  FRESHET_CHECK(impl_->model != nullptr);
  return impl_->model->vocabulary();
}

LearnerStatus Learner::status() const {
  LearnerStatus status;
  {
    const std::lock_guard lock(impl_->status_mutex);
    status = impl_->status;
  }
  status.ends = impl_->reader.end_positions();
  status.lag_events = distance(status.positions, status.ends);
  return status;
}

}  // namespace freshet::online
