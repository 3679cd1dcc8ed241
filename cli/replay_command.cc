// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_command.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <climits>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include "app/config.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "cli/streams/catalogue_file.h"
#include "cli/streams/recorded_events.h"
#include "cli/streams/replay_target.h"
#include "cli/support/arguments.h"
#include "cli/support/progress.h"
#include "ingest/codec/event_decoder.h"
#include "serve/routing/json.h"

namespace freshet::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct ReplayArguments {
  std::vector<std::string> files;
  std::string to;
  StreamArguments stream;
  std::string speed = "max";
  std::string rebase;
  bool no_ids = false;
  std::string items, item_columns;
  std::string url = "http://127.0.0.1:8080";
  std::string brokers, topic, config_file;
  int patience_seconds = 60;
  bool json = false;
};

volatile std::sig_atomic_t interrupted = 0;

/// When to send each event: as fast as possible, at a constant rate, or at a multiple of the recorded speed.
class Pace {
 public:
  /// Parses "max", "10x" or "500/s"; nullopt for anything else.
  static std::optional<Pace> parse(const std::string& text) {
    Pace pace;
    if (text == "max") return pace;
    std::size_t digits = 0;
    double number = 0;
    try {
      number = std::stod(text, &digits);
    } catch (const std::exception&) {
      return std::nullopt;
    }
    if (!(number > 0)) return std::nullopt;
    if (text.substr(digits) == "x") {
      pace.times_ = number;
    } else if (text.substr(digits) == "/s") {
      pace.per_second_ = number;
    } else {
      return std::nullopt;
    }
    return pace;
  }

  void wait_for(const Event& event, std::uint64_t number) {
    if (times_ == 0 && per_second_ == 0) return;
    if (number == 0) {
      start_ = SteadyClock::now();
      first_ = event.time;
    }
    const double seconds = per_second_ > 0 ? static_cast<double>(number) / per_second_
                                           : static_cast<double>((event.time - first_).count()) / 1000.0 / times_;
    const auto due = start_ + std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
    while (interrupted == 0 && SteadyClock::now() < due) {
      std::this_thread::sleep_until(std::min(due, SteadyClock::now() + std::chrono::milliseconds(200)));
    }
  }

 private:
  double times_ = 0, per_second_ = 0;
  SteadyClock::time_point start_{};
  Timestamp first_{};
};

std::unique_ptr<ReplayTarget> target_of(const ReplayArguments& arguments, ReplayKind kind, ingest::KafkaOptions kafka) {
  if (arguments.to == "http") {
    return make_http_target(arguments.url, kind, std::chrono::seconds(arguments.patience_seconds));
  }
  if (!arguments.brokers.empty()) kafka.brokers = arguments.brokers;
  if (!arguments.topic.empty()) kafka.topic = arguments.topic;
  return make_kafka_target(kafka);
}

/// Prints what became of the `what` that were sent. Returns the exit code: 0 if there were any, and all are acknowledged.
int report(const char* what, ReplayTarget::Counts counts, std::uint64_t skipped_lines, SteadyClock::time_point start,
           bool as_json) {
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  const double rate = static_cast<double>(counts.acknowledged) / std::max(seconds, 1e-9);
  if (!is_utf8(counts.first_problem)) counts.first_problem = printable(counts.first_problem);  // as JSON is
  if (as_json) {
    boost::json::object fields{
        {"sent", counts.sent},     {"acknowledged", counts.acknowledged}, {"rejected", counts.rejected},
        {"failed", counts.failed}, {"skipped_lines", skipped_lines},      {"seconds", seconds}};
    fields.emplace(std::string(what) + "_per_second", rate);
    fields.emplace("first_problem", counts.first_problem);
    std::printf("%s\n", serve::to_text(fields).c_str());
  } else {
    std::fprintf(stderr, "\r\033[K");
    std::printf("%llu %s sent, %llu acknowledged, %llu rejected, %llu failed, %llu lines skipped; %.1f s, %s/s\n",
                static_cast<unsigned long long>(counts.sent), what,
                static_cast<unsigned long long>(counts.acknowledged), static_cast<unsigned long long>(counts.rejected),
                static_cast<unsigned long long>(counts.failed), static_cast<unsigned long long>(skipped_lines), seconds,
                brief_count(rate).c_str());
    const char* problem = counts.sent == 0 ? "nothing was sent" : "first failure";
    if (!counts.first_problem.empty())
      std::fprintf(stderr, "%s: %s\n", problem, printable(counts.first_problem).c_str());
  }
  return counts.sent > 0 && counts.acknowledged == counts.sent && interrupted == 0 ? 0 : 1;
}

/// Puts the items of a catalogue file. Returns the exit code: 0 if there were any, every line was one, and all are
/// acknowledged. After a line that is none an item is not as the file says.
int replay_items(const ReplayArguments& arguments) {
  const app::Config config = app::load_config_or_throw(arguments.config_file);
  auto catalogue = read_catalogue(arguments.items, arguments.item_columns, Dimensions::any);
  if (!catalogue) throw std::runtime_error("--items: " + catalogue.error().message);
  for (const std::string& complaint : catalogue->complaints) {
    std::fprintf(stderr, "%s\n", printable(complaint).c_str());
  }
  const auto start = SteadyClock::now();
  const auto target = target_of(arguments, ReplayKind::items, config.kafka);
  Progress progress("items", arguments.json);
  std::uint64_t sent = 0;
  for (Item& item : catalogue->items) {
    if (interrupted != 0) break;
    target->send(ingest::item_event({.kind = ItemChange::Kind::put, .item = std::move(item)}, {}));
    if (++sent % 256 == 0) {
      progress.update(sent, static_cast<double>(sent) / static_cast<double>(catalogue->items.size()));
    }
  }
  auto counts = target->finish();
  if (catalogue->items.empty()) counts.first_problem = catalogue->why_none();
  const int code = report("items", std::move(counts), catalogue->skipped, start, arguments.json);
  return catalogue->skipped > 0 ? 1 : code;
}

/// Sends events until the end of the files, the limit, or Ctrl-C.
class Replay {
 public:
  explicit Replay(const ReplayArguments& arguments)
      : arguments_(arguments),
        config_(app::load_config_or_throw(arguments.config_file)),
        events_(arguments.files, arguments.stream.format(config_), arguments.stream.skip, arguments.stream.limit),
        progress_("events", arguments.json),
        target_(target_of(arguments, ReplayKind::events, config_.kafka)) {
    app::log_warnings(config_);
    const auto pace = Pace::parse(arguments.speed);
    if (!pace)
      throw std::runtime_error("--speed: \"" + arguments.speed +
                               "\" is not max, a factor such as 10x, or a rate such as 500/s");
    pace_ = *pace;
    if (arguments.rebase.empty()) return;
    if (arguments.rebase == "now") {
      if (const auto newest = events_.find_newest()) shift_ = SystemClock().now() - *newest;
      return;
    }
    begin_ = parse_rfc3339(arguments.rebase);
    if (!begin_)
      throw std::runtime_error("--rebase: \"" + arguments.rebase + "\" is neither now nor a time (RFC 3339)");
  }

  void run() {
    while (interrupted == 0) {
      auto event = events_.next();
      if (!event) return;
      send(*std::move(event));
      if (sent_ % 256 == 0) progress_.update(sent_, events_.part());
    }
  }

  /// Waits for the last answers and prints the counts. Returns the exit code.
  int finish() {
    auto counts = target_->finish();
    if (counts.sent == 0 && interrupted == 0) counts.first_problem = events_.why_none();
    return report("events", std::move(counts), events_.skipped_lines(), start_, arguments_.json);
  }

 private:
  void send(Event event) {
    // A request whose answer is lost is sent again; the id prevents a second copy.
    if (event.id.empty() && !arguments_.no_ids) event.id = events_.place();
    pace_.wait_for(event, sent_);
    rebase(event);
    target_->send(event);
    ++sent_;
  }

  void rebase(Event& event) {
    if (begin_ && sent_ == 0) shift_ = *begin_ - event.time;
    event.time += shift_;
  }

  const ReplayArguments& arguments_;
  const app::Config config_;
  RecordedEvents events_;
  const SteadyClock::time_point start_ = SteadyClock::now();
  Progress progress_;
  std::unique_ptr<ReplayTarget> target_;
  Pace pace_;
  std::uint64_t sent_ = 0;
  std::optional<Timestamp> begin_;      // --rebase TIME: time of the first event; nullopt: now, or no --rebase
  std::chrono::milliseconds shift_{0};  // of the time of every event
};

/// Items first, so that they are known when the events come.
void replay(const ReplayArguments& arguments) {
  if (arguments.items.empty() && arguments.files.empty()) {
    throw std::runtime_error("give files of events, or --items FILE");
  }
  std::signal(SIGINT, [](int) {
    interrupted = 1;
    std::signal(SIGINT, SIG_DFL);  // the second one ends it, even if it waits for a pipe
  });
  int code = arguments.items.empty() ? 0 : replay_items(arguments);
  if (code == 0 && !arguments.files.empty()) {
    Replay replay(arguments);
    replay.run();
    code = replay.finish();
  }
  if (code != 0) throw CLI::RuntimeError(code);
}

}  // namespace

void add_replay_command(CLI::App& app) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = app.add_subcommand("replay", "Send recorded streams to a running service or to Kafka");
  command->footer(
      "Examples:\n"
      "  freshet replay clicks.tsv.gz --to http --columns session,item,time,type\n"
      "  freshet replay shop.jsonl --to kafka --brokers localhost:9092 --topic clicks --speed 10x\n"
      "  zcat log.csv.gz | freshet replay - --to http --header --speed 10x --rebase now\n"
      "  freshet replay --items items.jsonl --to http\n"
      "\n"
      "Streams are TSV, CSV or JSON lines; plain, .gz or .zst. Times are RFC 3339, or seconds or milliseconds since\n"
      "1970. Events without an id get the id FILE:LINE, so sending a file again within store.dedupe_window does not\n"
      "store it twice (with --no-ids it does). The exit code is 0 only if there were events, every one was\n"
      "acknowledged, and the same is true of the items of --items; events are sent only then. Lines that are not "
      "events\n"
      "are skipped and do not change it. A line of --items that is not an item does: the other items are sent, and "
      "the\n"
      "exit code is 1.");
  command->add_option("files", arguments->files, "Recorded streams; - is standard input");
  command->add_option("--items", arguments->items,
                      "Items to put before the events: TSV, CSV or JSON lines, as of freshet evaluate --items");
  command->add_option("--item-columns", arguments->item_columns,
                      "Columns of the items; by default the first line names them");
  command->add_option("--to", arguments->to, "Destination of the events and items")
      ->required()
      ->check(CLI::IsMember({"http", "kafka"}));
  arguments->stream.add_options(*command);
  command
      ->add_option("--speed", arguments->speed,
                   "max (as fast as possible), 10x (ten times the recorded speed) or 500/s (events per second)")
      ->capture_default_str();
  command->add_option("--rebase", arguments->rebase,
                      "Shift the times of all events by the same amount: now (the newest event happens now), or the "
                      "time at which the first one happens (RFC 3339)");
  command->add_flag("--no-ids", arguments->no_ids, "Do not add ids (FILE:LINE) to events that have none");
  command
      ->add_option("--url", arguments->url, "URL of the service (--to http); the API key is read from FRESHET_API_KEY")
      ->capture_default_str();
  command
      ->add_option("--patience", arguments->patience_seconds,
                   "How long to retry while the service is unreachable or busy, in seconds (--to http)")
      ->check(whole_number(0, INT_MAX))
      ->capture_default_str();
  command->add_option("--brokers", arguments->brokers, "Bootstrap servers (--to kafka)");
  command->add_option("--topic", arguments->topic, "Topic (--to kafka)");
  command->add_option("-c,--config", arguments->config_file, "Configuration file; [kafka] and [replay] are used")
      ->check(CLI::ExistingFile);
  command->add_flag("--json", arguments->json, "Print the counts as JSON");
  command->callback([arguments] { replay(*arguments); });
}

}  // namespace freshet::cli
