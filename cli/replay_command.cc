#include "cli/replay_command.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "cli/config.h"
#include "cli/event_stream.h"
#include "cli/progress.h"
#include "cli/replay_target.h"

namespace freshet::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct ReplayArguments {
  std::vector<std::string> files;
  std::string to;
  std::string columns;
  bool header = false;
  std::string speed = "max";
  std::uint64_t limit = UINT64_MAX;
  std::uint64_t skip = 0;
  std::string rebase;
  bool no_ids = false;
  std::string url = "http://127.0.0.1:8080";
  std::string brokers, topic, config_file;
  int patience_seconds = 60;
  bool json = false;
};

volatile std::sig_atomic_t interrupted = 0;

/// When each event is due: as fast as possible, at a constant rate, or at a multiple of the recorded speed.
class Pace {
 public:
  /// "max", "10x", "500/s". Nullopt for anything else.
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

StreamFormat format_of(const ReplayArguments& arguments, const Config& config) {
  StreamFormat format;
  format.header = arguments.header;
  std::string names = arguments.columns;
  if (names.empty()) {
    for (const std::string& name : config.replay_columns) names += (names.empty() ? "" : ",") + name;
  }
  auto columns = parse_columns(names);
  if (!columns) {
    throw std::runtime_error((arguments.columns.empty() ? "replay.columns: " : "--columns: ") +
                             columns.error().message);
  }
  format.columns = *std::move(columns);
  return format;
}

std::unique_ptr<ReplayTarget> target_of(const ReplayArguments& arguments, ingest::KafkaOptions kafka) {
  if (arguments.to == "http") {
    return make_http_target(arguments.url, std::chrono::seconds(arguments.patience_seconds));
  }
  if (!arguments.brokers.empty()) kafka.brokers = arguments.brokers;
  if (!arguments.topic.empty()) kafka.topic = arguments.topic;
  return make_kafka_target(kafka);
}

/// Sends events until the files, the limit or Ctrl-C ends it.
class Replay {
 public:
  explicit Replay(const ReplayArguments& arguments)
      : arguments_(arguments),
        config_(load_config_or_throw(arguments.config_file)),
        format_(format_of(arguments, config_)),
        progress_("events", arguments.json),
        target_(target_of(arguments, config_.kafka)) {
    const auto pace = Pace::parse(arguments.speed);
    if (!pace) throw std::runtime_error("--speed: \"" + arguments.speed + "\" is not max, 10x or 500/s");
    pace_ = *pace;
  }

  void file(const std::string& path, std::size_t index) {
    auto stream = EventStream::open(path, format_);
    if (!stream) throw std::runtime_error(stream.error().message);
    const std::string name = path == "-" ? "stdin" : std::filesystem::path(path).filename().string();
    while (interrupted == 0 && sent_ < arguments_.limit) {
      auto event = (*stream)->next();
      if (!event) throw std::runtime_error(path + ": " + event.error().message);
      if (!*event) break;
      if (seen_++ >= arguments_.skip) send(**event, name + ":" + std::to_string((*stream)->lines()));
      if (seen_ % 256 == 0) show(**stream, index);
    }
    skipped_lines_ += (*stream)->skipped();
    for (const std::string& complaint : (*stream)->complaints()) {
      std::fprintf(stderr, "%s: %s\n", path.c_str(), complaint.c_str());
    }
  }

  /// Exit code.
  int finish() {
    const auto counts = target_->finish();
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - start_).count();
    const double rate = static_cast<double>(counts.acknowledged) / std::max(seconds, 1e-9);
    if (arguments_.json) {
      const boost::json::value report{
          {"sent", counts.sent},       {"acknowledged", counts.acknowledged},  {"rejected", counts.rejected},
          {"failed", counts.failed},   {"skipped_lines", skipped_lines_},      {"seconds", seconds},
          {"events_per_second", rate}, {"first_problem", counts.first_problem}};
      std::printf("%s\n", boost::json::serialize(report).c_str());
    } else {
      std::fprintf(stderr, "\r\033[K");
      std::printf("%llu events sent, %llu acknowledged, %llu rejected, %llu failed, %llu lines skipped; %.1f s, %s/s\n",
                  static_cast<unsigned long long>(counts.sent), static_cast<unsigned long long>(counts.acknowledged),
                  static_cast<unsigned long long>(counts.rejected), static_cast<unsigned long long>(counts.failed),
                  static_cast<unsigned long long>(skipped_lines_), seconds, brief_count(rate).c_str());
      if (!counts.first_problem.empty()) std::fprintf(stderr, "first problem: %s\n", counts.first_problem.c_str());
    }
    return counts.acknowledged == counts.sent && interrupted == 0 ? 0 : 1;
  }

 private:
  void send(Event event, std::string id) {
    if (arguments_.rebase == "now") {
      if (sent_ == 0) shift_ = SystemClock().now() - event.time;
      event.time += shift_;
    }
    // A post whose answer is lost is sent again; the id keeps it from being stored twice.
    if (event.id.empty() && !arguments_.no_ids) event.id = std::move(id);
    pace_.wait_for(event, sent_);
    target_->send(event);
    ++sent_;
  }

  void show(const EventStream& stream, std::size_t index) {
    double part = -1;
    if (arguments_.limit != UINT64_MAX) {
      part = static_cast<double>(sent_) / static_cast<double>(arguments_.limit);
    } else if (stream.bytes_total() > 0) {
      const double of_file = static_cast<double>(stream.bytes_read()) / static_cast<double>(stream.bytes_total());
      part = (static_cast<double>(index) + of_file) / static_cast<double>(arguments_.files.size());
    }
    progress_.update(sent_, part);
  }

  const ReplayArguments& arguments_;
  const Config config_;
  const StreamFormat format_;
  const SteadyClock::time_point start_ = SteadyClock::now();
  Progress progress_;
  std::unique_ptr<ReplayTarget> target_;
  Pace pace_;
  std::uint64_t seen_ = 0, sent_ = 0, skipped_lines_ = 0;
  std::chrono::milliseconds shift_{0};
};

void replay(const ReplayArguments& arguments) {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  Replay run(arguments);
  for (std::size_t i = 0; i < arguments.files.size(); ++i) run.file(arguments.files[i], i);
  if (const int code = run.finish(); code != 0) throw CLI::RuntimeError(code);
}

}  // namespace

void add_replay_command(CLI::App& app) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = app.add_subcommand("replay", "Feed a recorded stream to a running service or to Kafka");
  command->footer(
      "Examples:\n"
      "  freshet replay clicks.tsv.gz --to http --columns session,item,time,type\n"
      "  freshet replay shop.jsonl --to kafka --brokers localhost:9092 --topic clicks --speed 10x\n"
      "  zcat log.csv.gz | freshet replay - --to http --header --rebase now\n"
      "\n"
      "TSV, CSV or JSON lines, plain, .gz or .zst. Times: RFC 3339, or seconds or milliseconds since 1970.\n"
      "Ends with 0 only if every event was acknowledged.");
  command->add_option("files", arguments->files, "Recorded streams; - is standard input")->required();
  command->add_option("--to", arguments->to, "Where to send events")
      ->required()
      ->check(CLI::IsMember({"http", "kafka"}));
  command->add_option(
      "--columns", arguments->columns,
      "What each column is, in file order: user, session, item, time, type, value, id, request, or - to "
      "skip it (default session,item,time,type)");
  command->add_flag("--header", arguments->header, "The first line names the columns");
  command->add_option("--speed", arguments->speed, "max, 10x (of the recorded speed) or 500/s")->capture_default_str();
  command->add_option("--limit", arguments->limit, "Send at most so many events");
  command->add_option("--skip", arguments->skip, "Pass over so many events first");
  command->add_option("--rebase", arguments->rebase, "now: shift times so that the first event happens now")
      ->check(CLI::IsMember({"now"}));
  command->add_flag("--no-ids", arguments->no_ids, "Do not give events an id (FILE:LINE) where they have none");
  command->add_option("--url", arguments->url, "The service, for --to http")->capture_default_str();
  command
      ->add_option("--patience", arguments->patience_seconds,
                   "Seconds to go on trying when the service is away (--to http)")
      ->capture_default_str();
  command->add_option("--brokers", arguments->brokers, "Bootstrap servers, for --to kafka");
  command->add_option("--topic", arguments->topic, "Topic, for --to kafka");
  command
      ->add_option("-c,--config", arguments->config_file, "Configuration whose [kafka] and [replay] sections are used")
      ->check(CLI::ExistingFile);
  command->add_flag("--json", arguments->json, "Print the counts as JSON");
  command->callback([arguments] { replay(*arguments); });
}

}  // namespace freshet::cli
