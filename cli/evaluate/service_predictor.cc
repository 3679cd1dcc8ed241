#include <boost/json.hpp>
#include <boost/url.hpp>
#include <cstdio>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "app/units.h"
#include "base/check.h"
#include "cli/evaluate/predictor.h"
#include "cli/support/http_client.h"
#include "ingest/codec/event_encoder.h"
#include "online/model/seen_ids.h"
#include "online/model/session.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;

json::value expect(const Result<HttpClient::Answer>& answer, unsigned status, const std::string& what) {
  if (!answer) throw std::runtime_error("the service does not answer: " + answer.error().message);
  if (answer->status != status) {
    throw std::runtime_error(what + ": status " + std::to_string(answer->status) + ": " + answer->body.substr(0, 300));
  }
  return json::parse(answer->body);
}

/// What decides which events the service scores, as /v1/status says it.
online::Options options_of(const json::value& status) {
  const json::value& said = status.at("learner").at("options");
  online::Options options;
  options.session_gap = std::chrono::seconds(said.at("session_gap_seconds").to_number<std::int64_t>());
  options.dedupe_ids = said.at("dedupe_ids").to_number<std::size_t>();
  options.seed = said.at("seed").to_number<std::uint64_t>();
  options.type_weights.clear();
  for (const auto& [type, weight] : said.at("type_weights").as_object()) {
    options.type_weights[type] = weight.to_number<double>();
  }
  return options;
}

class ServicePredictor final : public Predictor {
 public:
  ServicePredictor(std::unique_ptr<HttpClient> client, const online::Options& options)
      : options_(options), client_(std::move(client)), sessions_(options), seen_(options.dedupe_ids) {}

  std::vector<std::string> part_names() const override { return {"blend"}; }
  std::vector<std::pair<std::string, online::Calibration>> calibration() const override { return {}; }
  std::size_t items() const override { return numbers_.size(); }
  std::uint64_t seed() const override { return options_.seed; }

  const online::Model::Outcome& take(const Event& event, bool learns, online::Evaluation& evaluation) override {
    FRESHET_CHECK(learns);
    outcome_ = {};
    const double weight = options_.weight_of(event.type);
    const bool duplicate = !event.id.empty() && !seen_.insert(event.id);
    if (weight > 0 && !duplicate) predict(event, static_cast<float>(weight), evaluation);
    send(event);
    return outcome_;
  }

 private:
  /// Follows sessions as the learner does, so that the very same events are scored.
  void predict(const Event& event, float weight, online::Evaluation& evaluation) {
    const bool by_user = event.session.empty();
    const std::string& owner = by_user ? event.user : event.session;
    const std::uint64_t key = online::owner_key(by_user ? Owner::Kind::user : Owner::Kind::session, owner);
    const online::Context& before = sessions_.before(key, 0, event.time);
    const auto [known, is_new] = numbers_.try_emplace(event.item, static_cast<online::ItemIndex>(numbers_.size()));
    const bool repeat = known->second == before.last_item();
    if (!repeat && !before.session.empty()) {
      outcome_.scored = true;
      outcome_.unseen_target = is_new;
      outcome_.ranks.assign(1, std::nullopt);
      if (!is_new) outcome_.ranks[0] = ask(by_user, owner, event.item, evaluation);
    }
    sessions_.append({known->second, weight, event.time, before.session.empty(), key, 0});
  }

  std::optional<std::size_t> ask(bool by_user, const std::string& owner, const std::string& target,
                                 online::Evaluation& evaluation) {
    std::string path = by_user ? "/v1/users/" : "/v1/sessions/";
    path += boost::urls::encode(owner, boost::urls::unreserved_chars) +
            "/recommendations?k=" + std::to_string(online::kCutoffs.back());
    if (!token_.empty()) path += "&after=" + token_;
    const json::value answer = expect(client_->get(path), 200, path);
    std::optional<std::size_t> rank;
    std::size_t place = 0;
    for (const json::value& entry : answer.at("items").as_array()) {
      const std::string item(entry.at("item").as_string());
      ++place;
      if (item == target) rank = place;
      const auto number = numbers_.find(item);
      if (number != numbers_.end()) evaluation.cover(0, number->second);
    }
    return rank;
  }

  void send(const Event& event) {
    const json::value answer =
        expect(client_->post("/v1/events", "application/json", ingest::encode_event(event)), 202, "/v1/events");
    token_ = std::string(answer.at("token").as_string());
  }

  const online::Options options_;
  std::unique_ptr<HttpClient> client_;
  online::SessionTracker sessions_;
  online::SeenIds seen_;
  std::unordered_map<std::string, online::ItemIndex> numbers_;
  std::string token_;
  online::Model::Outcome outcome_;
};

}  // namespace

std::unique_ptr<Predictor> make_service_predictor(const std::string& url,
                                                  std::optional<std::chrono::seconds> session_gap) {
  auto client = HttpClient::make(url);
  if (!client) throw std::runtime_error("--against: " + client.error().message);
  const json::value status = expect((*client)->get("/v1/status"), 200, "/v1/status");
  const online::Options options = options_of(status);
  if (session_gap && *session_gap != options.session_gap) {
    throw std::runtime_error("--session-gap: the service cuts sessions after " +
                             app::format_duration(options.session_gap) + " (online.session_gap), not after " +
                             app::format_duration(*session_gap));
  }
  if (const auto learned = status.at("learner").at("events_learned").to_number<std::uint64_t>(); learned > 0) {
    std::fprintf(stderr, "the service has learned %llu events before: it may know what is new to this stream\n",
                 static_cast<unsigned long long>(learned));
  }
  return std::make_unique<ServicePredictor>(*std::move(client), options);
}

}  // namespace freshet::cli
