// SPDX-License-Identifier: Apache-2.0
#include "app/application.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "app/descriptor_limit.h"
#include "app/freshness.h"
#include "app/version.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "base/watermark.h"
#include "ingest/codec/decoding_reader.h"
#include "ingest/codec/event_encoder.h"
#include "ingest/embedded/embedded_log.h"
#include "ingest/intake/legacy_items.h"
#include "ingest/intake/log_event_writer.h"
#include "ingest/intake/log_item_writer.h"
#include "ingest/intake/log_served_list_writer.h"
#include "ingest/kafka/kafka_log.h"
#include "ingest/writer/eraser.h"
#include "ingest/writer/history_writer.h"
#include "online/model/learner.h"
#include "online/part/part_kind.h"
#include "serve/http/server.h"
#include "store/catalogue.h"
#include "store/checkpoint_store.h"
#include "store/database.h"
#include "store/history_store.h"
#include "store/journal.h"
#include "store/served_lists.h"
#include "store/transient_histories.h"

namespace freshet::app {
namespace {

/// The ends of Kafka's partitions become known one by one after the start.
constexpr std::chrono::seconds kSettling{10};

std::uint64_t resident_bytes() {
  std::uint64_t pages_total = 0, pages_resident = 0;
  std::ifstream("/proc/self/statm") >> pages_total >> pages_resident;
  return pages_resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// A reader of the log, whose own problem comes before that of its lag.
serve::ServiceStatus::Component reader_component(std::string name, std::string problem, std::string warning,
                                                 Freshness::Verdict lag) {
  if (!warning.empty() && !lag.warning.empty()) warning += "; ";
  return {std::move(name), problem.empty() ? std::move(lag.problem) : std::move(problem), warning + lag.warning};
}

/// The configuration, within what the process may open.
Config within_limits(Config config) {
  const std::size_t limit = raise_descriptor_limit();
  const std::size_t connections = connections_within(limit, config.serve.max_connections);
  if (connections < config.serve.max_connections) {
    log::warn("fewer connections than serve.max_connections: the limit of open files (ulimit -n) is low",
              {{"open_files", limit}, {"max_connections", connections}});
  }
  config.serve.max_connections = connections;
  return config;
}

template <typename Run>
std::jthread start_thread(const char* name, Run run) {
  return std::jthread([name, run = std::move(run)](std::stop_token stop) {
    pthread_setname_np(pthread_self(), name);
    run(std::move(stop));
  });
}

}  // namespace

struct Application::Impl {
  explicit Impl(const Config& the_config);
  ~Impl() { (void)stop(); }

  bool own_log() const { return config.log_kind == LogKind::embedded; }
  std::unique_ptr<ingest::EventLog> open_log();
  ingest::DecodeOptions request_options() const;
  ingest::DecodeOptions read_options() const;
  ingest::DecodeOptions learner_options() const;
  bool ends_are_known() const;
  Freshness::Verdict look_at_histories() const;
  Freshness::Verdict look_at_learner(const online::LearnerStatus& now) const;
  serve::ServiceStatus status() const;
  bool take_over_items(const std::stop_token& stop);
  serve::CatalogueMemory catalogue_memory() const;
  void monitor(std::stop_token stop);
  Result<void> stop();

  const Config config;
  const SystemClock clock;
  const Timestamp started = clock.now();
  Metrics metrics;

  const Pseudonyms pseudonyms;
  store::Database database;
  store::HistoryStore histories;
  store::ServedLists served;
  store::TransientHistories transient;
  store::AttributeColumns columns;
  store::Catalogue catalogue;
  store::Journal journal;
  store::CheckpointStore checkpoints;

  // Declared before log and watermark: requests that still wait there at destruction are answered on the server's
  // threads.
  std::unique_ptr<serve::Server> server;
  bool stopped = false;

  std::unique_ptr<ingest::EventLog> log;
  Watermark visible;
  ingest::HistoryWriter writer;
  ingest::DecodingReader learner_reader;
  online::Learner learner;
  ingest::LogEventWriter events;
  ingest::LogItemWriter items;
  ingest::LogServedListWriter lists;
  ingest::Eraser eraser;
  // Looked at by monitor() and by every request for the status.
  mutable Freshness histories_freshness, learner_freshness;
  // Of monitor(): a request does not wait for all values to be read.
  Published<serve::CatalogueMemory> newest_catalogue_memory;

  // Last, because the threads use everything above.
  std::jthread writer_thread;
  std::jthread learner_thread;
  std::jthread monitor_thread;
  std::jthread eraser_thread;
};

Application::Impl::Impl(const Config& the_config)
    : config(within_limits(the_config)),
      pseudonyms(config.store.pseudonym_key),
      database(config.store, clock),
      histories(database),
      served(database),
      transient(config.store, clock, metrics),
      catalogue(database, config.catalogue, &columns),
      journal(database),
      checkpoints(config.store.directory + "/checkpoints", config.online.keep_checkpoints),
      log(open_log()),
      writer(*log, histories, transient, visible, read_options(), config.writer, metrics),
      learner_reader(log->open_reader(ingest::Sharing::all, nullptr), learner_options()),
      learner(
          learner_reader, checkpoints,
          [this] {
            return std::make_unique<online::Model>(config.online, online::make_parts(config.online),
                                                   online::IdHash::random());
          },
          config.online, clock, metrics),
      events(*log, transient, request_options(), own_log() ? pseudonyms : Pseudonyms(), pseudonyms, clock, metrics),
      items(*log, request_options().vectors, metrics),
      lists(*log, own_log() ? pseudonyms : Pseudonyms()),
      eraser(
          database, *log, [this] { return writer.end_positions(); }, config.writer.erase_interval, metrics),
      histories_freshness(clock, own_log() ? std::chrono::seconds(0) : kSettling),
      learner_freshness(clock, own_log() ? std::chrono::seconds(0) : kSettling) {
  metrics
      .gauge("freshet_build_info", "1; the labels say what runs.",
             {{"version", kVersion}, {"commit", kCommit}, {"compiler", kCompiler}, {"libtorch", kLibTorch}})
      .Set(1);
  auto positions = histories.positions();
  if (!positions) throw std::runtime_error("cannot read " + config.store.directory + ": " + positions.error().message);
  visible.move_to(*positions);

  eraser.finish_interrupted();
  learner.on_checkpoint([this](const Positions& safe) { learner_reader.commit(safe); });
  learner.restore();

  server = std::make_unique<serve::Server>(
      config.serve,
      serve::Services{histories, transient, pseudonyms, catalogue, columns, events, items, visible, config.online,
                      learner.vocabulary(), [this] { return learner.snapshot(); }, [this] { return status(); }, clock,
                      metrics, served, lists, config.store.served.share});
  writer_thread = start_thread("freshet-writer", [this](std::stop_token token) { writer.run(std::move(token)); });
  learner_thread = start_thread("freshet-learner", [this](std::stop_token token) { learner.run(std::move(token)); });
  monitor_thread = start_thread("freshet-monitor", [this](std::stop_token token) { monitor(std::move(token)); });
  eraser_thread = start_thread("freshet-eraser", [this](const std::stop_token& token) { eraser.run(token); });
}

ingest::DecodeOptions Application::Impl::request_options() const {
  ingest::DecodeOptions options = config.decode;
  for (const auto& [name, dimension] : config.catalogue.vectors) {
    options.vectors[name] = static_cast<std::size_t>(dimension);
  }
  options.oldest_kept = [this] { return histories.oldest_kept(); };
  return options;
}

/// The embedded log belongs to this service, so ids are replaced by pseudonyms before they are appended. A topic
/// belongs to its producers and contains ids, so its readers replace them.
ingest::DecodeOptions Application::Impl::read_options() const {
  ingest::DecodeOptions options = request_options();
  if (!own_log()) {
    options.pseudonyms = pseudonyms;
  } else if (pseudonyms.in_use()) {
    // Their size was checked on arrival; encoded again, with pseudonyms, they may be longer.
    options.max_record_bytes = std::max(options.max_record_bytes, ingest::kMaxEncodedBytes);
  }
  return options;
}

/// The history writer copies items that are among the events to their own partition, where the learner sees them as well.
ingest::DecodeOptions Application::Impl::learner_options() const {
  ingest::DecodeOptions options = read_options();
  options.items_among_events = !log->has_state_partition();
  return options;
}

std::unique_ptr<ingest::EventLog> Application::Impl::open_log() {
  if (!own_log()) return std::make_unique<ingest::KafkaLog>(config.kafka, metrics);
  return std::make_unique<ingest::EmbeddedLog>(journal, config.embedded, read_options(), clock, metrics);
}

/// Those of the own log always are.
bool Application::Impl::ends_are_known() const { return own_log() || log->problem().empty(); }

Freshness::Verdict Application::Impl::look_at_histories() const {
  if (!ends_are_known() || !writer.problem().empty()) return histories_freshness.observe(std::nullopt);
  return histories_freshness.observe(distance(visible.positions(), writer.end_positions()));
}

Freshness::Verdict Application::Impl::look_at_learner(const online::LearnerStatus& now) const {
  if (!ends_are_known() || !now.problem.empty()) return learner_freshness.observe(std::nullopt);
  return learner_freshness.observe(now.lag_events);
}

serve::ServiceStatus Application::Impl::status() const {
  serve::ServiceStatus status;
  status.version = kVersion;
  status.started = started;
  status.log = log->name();
  status.history_positions = visible.positions();
  status.history_ends = writer.end_positions();
  status.history_lost_records = writer.lost_records();
  status.learner_lost_records = learner_reader.lost_records();
  status.stream_time = histories.stream_time();
  status.learner = learner.status();
  status.store_bytes = database.usage();
  status.items = catalogue.size();
  status.catalogue = newest_catalogue_memory.load();
  status.resident_bytes = resident_bytes();

  status.components = {
      {"event_log", log->problem()},
      {"store", database.problem(), histories.time_problem()},
      reader_component("history_writer", writer.problem(), writer.warning(), look_at_histories()),
      reader_component("learner", status.learner.problem, "", look_at_learner(status.learner)),
  };
  return status;
}

/// The catalogue of 0.1.0 becomes records of the log. True if there is nothing left to do.
bool Application::Impl::take_over_items(const std::stop_token& stop) {
  const auto appended = ingest::append_legacy_items(catalogue, *log, stop);
  if (!appended) {
    freshet::log::warn("the items of an earlier release are not in the log yet; trying again",
                       {{"reason", appended.error().message}});
  } else if (*appended > 0) {
    freshet::log::info("the items of an earlier release are in the log now", {{"items", *appended}});
  }
  return appended.has_value();
}

serve::CatalogueMemory Application::Impl::catalogue_memory() const {
  serve::CatalogueMemory memory{catalogue.memory_bytes(), {}};
  const auto lock = catalogue.read_lock();
  memory.bytes += columns.shared_bytes();
  memory.attributes = columns.memory_by_attribute();
  for (const auto& attribute : memory.attributes) memory.bytes += attribute.bytes;
  return memory;
}

/// Once a second: updates the gauges of memory and disk, expires transient histories, looks how far behind the readers
/// are, and reopens the store after a disk failure.
void Application::Impl::monitor(std::stop_token stop) {
  Gauge& resident = metrics.gauge("freshet_process_resident_bytes", "Resident memory of the process.");
  Gauge& ahead = metrics.gauge("freshet_store_stream_time_ahead_seconds",
                               "How far the newest event time is ahead of this machine's clock.");
  Gauge& available = metrics.gauge("freshet_store_disk_available_bytes", "Free space of the data directory's disk.");
  Gauge& item_count = metrics.gauge("freshet_catalogue_items", "Items in the catalogue.");
  Gauge& unavailable =
      metrics.gauge("freshet_catalogue_unavailable_items", "Items of the catalogue that are unavailable.");
  Gauge& removed = metrics.gauge("freshet_catalogue_deleted_items", "Deleted items that are kept out of every list.");
  Gauge& item_bytes = metrics.gauge("freshet_catalogue_memory_bytes", "Memory of the catalogue.");
  bool took_over = false;
  while (!stop.stop_requested()) {
    if (!took_over) took_over = take_over_items(stop);
    (void)database.recover();  // logs and reports failures itself
    transient.expire();
    resident.Set(static_cast<double>(resident_bytes()));
    item_count.Set(static_cast<double>(catalogue.size()));
    unavailable.Set(static_cast<double>(catalogue.unavailable_items()));
    removed.Set(static_cast<double>(catalogue.removed_items()));
    const auto item_memory = std::make_shared<const serve::CatalogueMemory>(catalogue_memory());
    item_bytes.Set(static_cast<double>(item_memory->bytes));
    newest_catalogue_memory.store(item_memory);
    std::error_code error;
    if (const auto space = std::filesystem::space(config.store.directory, error); !error) {
      available.Set(static_cast<double>(space.available));
    }
    (void)look_at_histories();
    (void)look_at_learner(learner.status());
    const auto lead = histories.stream_time() - clock.now();
    ahead.Set(std::max(0.0, std::chrono::duration<double>(lead).count()));
    for (const auto& [kind, bytes] : database.usage()) {
      metrics.gauge("freshet_store_bytes", "Memory and disk used by the store.", {{"kind", kind}})
          .Set(static_cast<double>(bytes));
    }
    sleep_for(stop, std::chrono::seconds(1));
  }
}

Result<void> Application::Impl::stop() {
  if (!server || stopped) return {};
  stopped = true;
  log::info("stopping; waiting for running requests");
  server->stop();
  for (std::jthread* thread : {&writer_thread, &learner_thread, &monitor_thread, &eraser_thread}) {
    thread->request_stop();
  }
  for (std::jthread* thread : {&writer_thread, &learner_thread, &monitor_thread, &eraser_thread}) {
    if (thread->joinable()) thread->join();
  }
  log::info("stopped", {{"events_learned", learner.status().events_learned}});
  return database.sync();
}

Application::Application(const Config& config) : impl_(std::make_unique<Impl>(config)) {}
Application::~Application() = default;
std::uint16_t Application::port() const { return impl_->server->port(); }
void Application::reload() { impl_->server->reload(); }
Result<void> Application::stop() { return impl_->stop(); }

}  // namespace freshet::app
