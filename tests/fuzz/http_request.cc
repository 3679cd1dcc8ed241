// SPDX-License-Identifier: Apache-2.0
// A request as the HTTP API sees it: "METHOD TARGET" on the first line, then the body. Every endpoint, a real store.

#include <boost/json.hpp>
#include <deque>
#include <memory>

#include "base/log.h"
#include "serve/api/api.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/service_fixture.h"

namespace freshet::fuzz {
namespace {

/// Whatever is to happen later happens when the request has returned.
class InlineExecutor final : public serve::Executor {
 public:
  void post(std::function<void()> work) override { work(); }
  void post_after(std::chrono::milliseconds, std::function<void()> work) override { later_.push_back(std::move(work)); }
  bool post_blocking(std::function<void()> work) override { return work(), true; }
  void post_reading(std::function<void(bool)> work) override { work(true); }
  void run_later() {
    for (; !later_.empty(); later_.pop_front()) later_.front()();
  }

 private:
  std::deque<std::function<void()>> later_;
};

serve::Options quiet() {
  serve::Options options;
  options.audit.file = "/dev/null";
  return options;
}

struct Service {
  testing::ServiceFixture fixture;
  serve::Options options = quiet();
  serve::Api api{options, fixture.services()};
  std::shared_ptr<InlineExecutor> executor = std::make_shared<InlineExecutor>();
};

/// Begun anew now and then: items that were put stay. Never destroyed: RocksDB's own statics may go first.
Service& service() {
  constexpr std::size_t kRequests = 50'000;
  static Service* current = nullptr;
  static std::size_t requests = 0;
  if (requests++ % kRequests == 0) {
    delete current;
    log::configure(log::Level::error, log::Format::text);
    current = new Service;
  }
  return *current;
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  std::string_view body = fuzz::to_view(data, size);
  const std::string_view line = fuzz::take_line(body);
  const std::size_t space = std::min(line.find(' '), line.size());
  auto& [fixture, options, api, executor] = fuzz::service();
  int answers = 0;
  testing::handle(api, {line.substr(0, space), line.substr(std::min(space + 1, line.size())), body, false, executor},
                  [&](serve::ApiResponse response) {
                    ++answers;
                    FRESHET_CHECK(response.status < 500);
                    if (response.status == 204 || response.content_type.find("json") == std::string::npos) return;
                    boost::system::error_code error;
                    boost::json::parse(response.body, error);
                    FRESHET_CHECK(!error);
                  });
  executor->run_later();
  FRESHET_CHECK(answers == 1);
  return 0;
}
