// Asks a running service for lists: at a constant rate, or as fast as it answers.
//
// A rate is kept whatever the service does (open loop): request i is due at start + i / rate, and its latency counts
// from then, not from when a connection was free to send it. A service that stalls for a second is so charged for all
// who would have come in that second (Tene, "How NOT to measure latency"), and a request that found no connection until
// the end counts with what it had waited by then. Percentiles are exact: every latency is kept. service_* count from
// when it was sent: what the answer took, without the wait for a connection.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Clock = std::chrono::steady_clock;
using Tcp = asio::ip::tcp;

struct Options {
  std::string host = "127.0.0.1", port = "8080", targets, key;
  double rate = 0;  // requests a second; 0: as many as are answered
  std::size_t connections = 16;
  double seconds = 10;
  std::uint64_t seed = 1;
};

struct Outcome {
  std::vector<float> service_ms;    // of answers with status 200, from when sent
  std::vector<float> latencies_ms;  // the same from when due, and of the unsent
  std::vector<float> refused_ms;    // 429 and 503, from when sent
  std::size_t failed = 0;           // any other status, or no answer
  std::uint64_t unsent = 0;         // due, but there was no connection for them until the end
};

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  if (lines.empty()) throw std::runtime_error("no targets in " + path);
  return lines;
}

float milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<float, std::milli>(Clock::now() - start).count();
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), targets_(read_lines(options.targets)), random_(options.seed) {}

  Outcome run() {
    endpoints_ = Tcp::resolver(context_).resolve(options_.host, options_.port);
    start_ = Clock::now();
    end_ = start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
    for (std::size_t i = 0; i < options_.connections; ++i) {
      asio::co_spawn(context_, connection(), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
      });
    }
    context_.run();
    while (options_.rate > 0 && due_at(begun_) < end_) never_sent(due_at(begun_++));
    return std::move(outcome_);
  }

 private:
  asio::awaitable<void> connection() {
    asio::steady_timer timer(context_);
    while (Clock::now() < end_) {
      beast::tcp_stream stream(context_);
      co_await stream.async_connect(endpoints_, asio::use_awaitable);
      stream.socket().set_option(Tcp::no_delay(true));
      beast::flat_buffer buffer;
      bool open = true;
      while (open) {
        Clock::time_point due = Clock::now();
        if (options_.rate > 0) {
          due = due_at(begun_++);
          if (due < end_ && due > Clock::now()) {
            timer.expires_at(due);
            co_await timer.async_wait(asio::use_awaitable);
          }
        }
        if (due >= end_) co_return;
        if (Clock::now() >= end_) co_return never_sent(due);
        open = co_await ask(stream, buffer, due);
      }
    }
  }

  Clock::time_point due_at(std::uint64_t request) const {
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(request) / options_.rate));
  }

  void never_sent(Clock::time_point due) {
    ++outcome_.unsent;
    outcome_.latencies_ms.push_back(std::chrono::duration<float, std::milli>(end_ - due).count());
  }

  /// False if the connection is closed.
  asio::awaitable<bool> ask(beast::tcp_stream& stream, beast::flat_buffer& buffer, Clock::time_point due) {
    constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
    std::string request = "GET " + targets_[random_() % targets_.size()] + " HTTP/1.1\r\nHost: " + options_.host;
    if (!options_.key.empty()) request += "\r\nX-API-Key: " + options_.key;
    request += "\r\n\r\n";
    const Clock::time_point sent_at = Clock::now();
    stream.expires_after(std::chrono::seconds(10));
    auto [not_sent, sent] = co_await asio::async_write(stream, asio::buffer(request), kAwait);
    http::response<http::string_body> answer;
    auto [not_read, read] = co_await http::async_read(stream, buffer, answer, kAwait);
    if (not_sent || not_read) {
      ++outcome_.failed;
      co_return false;
    }
    if (answer.result() == http::status::ok) {
      outcome_.latencies_ms.push_back(milliseconds_since(due));
      outcome_.service_ms.push_back(milliseconds_since(sent_at));
    } else if (answer.result_int() == 503 || answer.result_int() == 429) {
      outcome_.refused_ms.push_back(milliseconds_since(sent_at));
    } else {
      ++outcome_.failed;
    }
    co_return answer.keep_alive();
  }

  const Options& options_;
  const std::vector<std::string> targets_;
  std::mt19937_64 random_;
  asio::io_context context_{1};
  Tcp::resolver::results_type endpoints_;
  Clock::time_point start_, end_;
  std::uint64_t begun_ = 0;
  Outcome outcome_;
};

/// ,"p50_ms":... of these latencies, each name with a prefix.
void print_percentiles(const std::string& prefix, std::vector<float> latencies) {
  std::ranges::sort(latencies);
  for (const auto& [name, share] : {std::pair{"p50", .5}, {"p90", .9}, {"p99", .99}, {"p999", .999}, {"max", 1.0}}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(latencies.size())));
    std::cout << ",\"" << prefix << name
              << "_ms\":" << (latencies.empty() ? 0.0F : latencies[std::max(rank, std::size_t{1}) - 1]);
  }
}

void print(const Options& options, const Outcome& outcome) {
  std::cout << "{\"rate\":" << options.rate << ",\"connections\":" << options.connections
            << ",\"answered_per_second\":" << static_cast<double>(outcome.service_ms.size()) / options.seconds
            << ",\"refused\":" << outcome.refused_ms.size() << ",\"failed\":" << outcome.failed
            << ",\"unsent\":" << outcome.unsent;
  print_percentiles("", outcome.latencies_ms);
  print_percentiles("service_", outcome.service_ms);
  print_percentiles("refused_", outcome.refused_ms);
  std::cout << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Asks a running freshet for lists, at a constant rate or as fast as it answers; prints one line of JSON");
  app.add_option("--host", options.host, "Of the service")->capture_default_str();
  app.add_option("--port", options.port, "Of the service")->capture_default_str();
  app.add_option("--targets", options.targets, "File of paths, one per line; asked for at random")->required();
  app.add_option("--rate", options.rate, "Requests a second; 0: as many as are answered")->capture_default_str();
  app.add_option("--connections", options.connections, "Kept alive")->capture_default_str();
  app.add_option("--seconds", options.seconds, "For so long")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the order of targets")->capture_default_str();
  app.add_option("--key", options.key, "API key");
  CLI11_PARSE(app, argc, argv);
  try {
    print(options, Load(options).run());
  } catch (const std::exception& error) {
    std::cerr << "freshet_load: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
