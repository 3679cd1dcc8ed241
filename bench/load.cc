// SPDX-License-Identifier: Apache-2.0
// Requests lists from a running service, at a constant rate or as fast as it answers.
//
// With a rate, the load is an open loop: request i is due at start + i / rate, whatever the service does, and its
// latency counts from then, not from the time when a connection was free to send it. So a service that stalls for a
// second is charged for every request that was due in that second (Tene, "How NOT to measure latency"). A request that
// found no connection until the end counts with the time that it had waited. The service_* figures count from the time
// of sending. Every latency is kept, so percentiles are exact.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <deque>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// Faster than Asio's default executor, which is type-erased.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;

constexpr std::chrono::seconds kPatience{10};  // longest wait for an answer
constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Options {
  std::string host = "127.0.0.1", port = "8080", targets, key;
  double rate = 0;  // requests per second; 0: as many as the service answers
  std::size_t connections = 16;
  double seconds = 10;
  std::uint64_t seed = 1;
};

struct Outcome {
  std::vector<float> service_ms;    // status 200, from the time of sending
  std::vector<float> latencies_ms;  // the same from the time when due; and the unsent requests
  std::vector<float> refused_ms;    // status 429 or 503, from the time of sending
  std::size_t failed = 0;           // any other status, or no answer
  std::uint64_t unsent = 0;         // requests that were due but found no free connection until the end
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

/// The head of an answer, as freshet writes it.
struct Head {
  std::size_t status = 0;
  bool keep_alive = true;
  std::size_t answer_size = 0;  // head and body
};

/// Nullopt if it is not a head that freshet writes. A general parser would take longer than the rest of a request.
std::optional<Head> read_head(std::string_view head) {
  const auto number_behind = [&](std::string_view name) -> std::optional<std::size_t> {
    const std::size_t at = head.find(name);
    std::size_t number = 0;
    if (at == std::string_view::npos) return std::nullopt;
    const char* const first = head.data() + at + name.size();
    if (std::from_chars(first, head.data() + head.size(), number).ec != std::errc()) return std::nullopt;
    return number;
  };
  const auto status = number_behind("HTTP/1.1 ");
  const auto body_size = number_behind("\r\nContent-Length: ");
  if (!status || !body_size) return std::nullopt;
  return Head{*status, head.find("\r\nConnection: close") == std::string_view::npos, head.size() + *body_size};
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        targets_(read_lines(options.targets)),
        header_(" HTTP/1.1\r\nHost: " + options.host + (options.key.empty() ? "" : "\r\nX-API-Key: " + options.key) +
                std::string(kHeadEnd)),
        random_(options.seed) {}

  Outcome run() {
    endpoints_ = asio::ip::tcp::resolver(context_).resolve(options_.host, options_.port);
    start_ = Clock::now();
    end_ = start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
    std::deque<Connection> connections;
    for (std::size_t i = 0; i < options_.connections; ++i) {
      asio::co_spawn(context_, serve(connections.emplace_back(context_)), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
      });
    }
    // Checked once a second, because a timer per request is expensive.
    while (context_.run_for(std::chrono::seconds(1)), !context_.stopped()) {
      for (Connection& connection : connections) connection.give_up_before(Clock::now() - kPatience);
    }
    while (options_.rate > 0 && due_at(begun_) < end_) never_sent(due_at(begun_++));
    return std::move(outcome_);
  }

 private:
  struct Connection {
    explicit Connection(asio::io_context& context) : socket(context), timer(context) {}

    /// Cancels a request that was sent before `time`.
    void give_up_before(Clock::time_point time) {
      if (waits && sent_at < time) socket.cancel();
    }

    Socket socket;
    Timer timer;
    bool waits = false;  // a request has no answer yet
    Clock::time_point sent_at;
    std::array<char, 16384> buffer;
  };

  asio::awaitable<void, Executor> serve(Connection& connection) {
    while (Clock::now() < end_) {
      co_await asio::async_connect(connection.socket, endpoints_, kAwait);
      connection.socket.set_option(asio::ip::tcp::no_delay(true));
      bool open = true;
      while (open) {
        Clock::time_point due = Clock::now();
        if (options_.rate > 0) {
          due = due_at(begun_++);
          if (due < end_ && due > Clock::now()) {
            connection.timer.expires_at(due);
            co_await connection.timer.async_wait(kAwait);
          }
        }
        if (due >= end_) co_return;
        if (Clock::now() >= end_) co_return never_sent(due);
        open = co_await ask(connection, due);
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

  /// Sends one request and reads the answer. False if the connection must be closed.
  asio::awaitable<bool, Executor> ask(Connection& connection, Clock::time_point due) {
    const std::string request = "GET " + targets_[random_() % targets_.size()] + header_;
    connection.sent_at = Clock::now();
    connection.waits = true;
    boost::system::error_code error;
    asio::write(connection.socket, asio::buffer(request), error);  // does not block: the socket's buffer is empty
    const std::optional<Head> answer = error ? std::nullopt : co_await read_answer(connection);
    connection.waits = false;
    if (!answer) {
      ++outcome_.failed;
      co_return false;
    }
    if (answer->status == 200) {
      outcome_.latencies_ms.push_back(milliseconds_since(due));
      outcome_.service_ms.push_back(milliseconds_since(connection.sent_at));
    } else if (answer->status == 503 || answer->status == 429) {
      outcome_.refused_ms.push_back(milliseconds_since(connection.sent_at));
    } else {
      ++outcome_.failed;
    }
    co_return answer->keep_alive;
  }

  /// Nullopt if no answer comes, or if it cannot be parsed.
  asio::awaitable<std::optional<Head>, Executor> read_answer(Connection& connection) {
    std::optional<Head> head;
    for (std::size_t received = 0; !head || received < head->answer_size;) {
      // The body is not looked at, only counted.
      const auto space = asio::buffer(connection.buffer) + (head ? 0 : received);
      auto [error, bytes] = co_await connection.socket.async_read_some(space, asio::as_tuple(kAwait));
      if (bytes == 0) co_return std::nullopt;  // an error, or no space is left for the head
      received += bytes;
      const std::string_view text(connection.buffer.data(), head ? 0 : received);
      const std::size_t end = text.find(kHeadEnd);
      if (end == std::string_view::npos) continue;
      head = read_head(text.substr(0, end + kHeadEnd.size()));
      if (!head) co_return std::nullopt;
    }
    co_return head;
  }

  const Options& options_;
  const std::vector<std::string> targets_;
  const std::string header_;  // the part of each request after its target
  std::mt19937_64 random_;
  asio::io_context context_{1};
  asio::ip::tcp::resolver::results_type endpoints_;
  Clock::time_point start_, end_;
  std::uint64_t begun_ = 0;
  Outcome outcome_;
};

/// Prints ,"PREFIXp50_ms":... of these latencies.
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
      "Requests lists from a running freshet, at a constant rate or as fast as it answers; prints one line of JSON");
  app.add_option("--host", options.host, "Host of the service")->capture_default_str();
  app.add_option("--port", options.port, "Port of the service")->capture_default_str();
  app.add_option("--targets", options.targets, "File with one path per line; requested in random order")->required();
  app.add_option("--rate", options.rate, "Requests per second; 0: as many as the service answers")
      ->capture_default_str();
  app.add_option("--connections", options.connections, "Number of kept-alive connections")->capture_default_str();
  app.add_option("--seconds", options.seconds, "Duration in seconds")->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of the order of targets")->capture_default_str();
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
