// SPDX-License-Identifier: Apache-2.0
// The learner's saved state. The first byte chooses: the whole checkpoint, or one piece of it, which the bytes then
// reach sooner. Whatever loads must save to what loads again, and must be fit to go on with.

#include "online/model/learner_checkpoint.h"

#include <algorithm>
#include <array>

#include "online/measure/progressive.h"
#include "online/model/blender.h"
#include "online/model/seen_ids.h"
#include "online/model/session.h"
#include "online/model/vocabulary.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/small_model.h"
#include "tests/support/part_driver.h"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kItems = 16;  // small_options().max_items

using testing::saved;

/// The figures of three parts.
class Validation {
 public:
  void save(ByteWriter& out) const { figures_.save(out, kParts); }
  Result<void> load(ByteReader& in) { return figures_.load(in, kParts); }

 private:
  static constexpr std::array<std::size_t, 3> kParts{0, 1, 2};
  online::ProgressiveValidation figures_{3};
};

/// `make` a fresh object, load it, save it, load that. Null if the bytes are no saved state.
template <typename Make>
auto load(std::string_view bytes, Make make) -> decltype(make()) {
  auto object = make();
  ByteReader in(bytes);
  if (!object->load(in) || !in.ok()) return nullptr;
  const std::string once = saved(*object);
  auto again = make();
  ByteReader in_again(once);
  FRESHET_CHECK(again->load(in_again) && in_again.ok() && in_again.at_end() && saved(*again) == once);
  return object;
}

void use(online::Part& part) {
  online::Context context;
  context.session_key = context.user_key = online::IdHash{}.user("u1");
  context.now = timestamp_from_ms(1'700'000'000'000);
  for (online::ItemIndex item = 0; item < 4; ++item) {
    online::Interaction event{item, 1.0F, context.now, context.session.empty(), context.session_key, context.user_key,
                              "u1"};
    part.observe(context, event);
    context.session.push_back({item, context.now});
  }
  const auto scorer = part.publish();
  std::unique_ptr<online::Query> query;
  scorer->ask(context, query);
  std::vector<online::Candidate> candidates;
  query->propose(5, nullptr, candidates);
  std::vector<online::ItemIndex> items;
  for (const auto& candidate : candidates) {
    FRESHET_CHECK(candidate.item < kItems);
    items.push_back(candidate.item);
  }
  std::vector<float> features(items.size() * scorer->features().size());
  query->write_features(items, {features.data(), scorer->features().size()});
  part.forget_item(2);
  part.erase(context.user_key);
}

void check_part(std::string_view bytes, std::size_t which) {
  const auto make = [which]() -> std::unique_ptr<online::Part> {
    auto parts = small_parts();
    return std::move(parts[which % parts.size()]);
  };
  if (const auto part = load(bytes, make)) use(*part);
}

void check_model(std::string_view bytes) {
  auto model = small_model();
  const auto positions = online::decode_checkpoint(bytes, *model);
  if (!positions) return;
  const std::string once = online::encode_checkpoint(*positions, *model);
  auto again = small_model();
  const auto same = online::decode_checkpoint(once, *again);
  FRESHET_CHECK(same && *same == *positions && online::encode_checkpoint(*same, *again) == once);
  for (std::uint64_t i = 100; i < 120; ++i) model->learn(small_event(i));
  model->publish(timestamp_from_ms(0));
}

void check_sessions(std::string_view bytes) {
  const auto sessions = load(bytes, [] { return std::make_unique<online::SessionTracker>(small_options()); });
  if (!sessions) return;
  for (online::ItemIndex n = 1; n < 12; ++n) {
    const online::OwnerKey key{n};
    const Timestamp time = timestamp_from_ms(std::int64_t{n} * 1000);
    const auto& context = sessions->before(key, key, time);
    FRESHET_CHECK(context.session.size() <= small_options().max_session_items);
    sessions->append({n, 1.0F, time, context.session.empty(), key, key, {}});
  }
  sessions->forget_item(3);
  sessions->erase(online::OwnerKey{4});
}

void check_vocabulary(std::string_view bytes) {
  const auto vocabulary = load(bytes, [] { return std::make_unique<online::Vocabulary>(kItems); });
  if (!vocabulary) return;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "new" + std::to_string(i);
    const auto observed = vocabulary->observe(name, Timestamp{});
    FRESHET_CHECK(vocabulary->name(observed.item) == name && vocabulary->find(name) == observed.item);
  }
}

void check_blender(std::string_view bytes) {
  constexpr std::size_t kInputs = 5;
  const std::vector<std::size_t> own{0, 3};
  const auto blender = load(bytes, [&] {
    return std::make_unique<online::Blender>(kInputs, own, small_options().blender, std::uint64_t{1});
  });
  if (!blender) return;
  const std::vector<float> features{1, 2, 3, 4, 5, 5, 4, 3, 2, 1};
  std::vector<float> scores(2);
  blender->weights().score(features, scores);
  blender->learn(features, scores, 1, 1.0F);
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  std::string_view bytes = fuzz::to_view(data, size);
  switch (const unsigned choice = fuzz::take_choice(bytes) % 16) {
    case 0: fuzz::check_model(bytes); break;
    case 1: fuzz::check_vocabulary(bytes); break;
    case 2: fuzz::check_sessions(bytes); break;
    case 3: fuzz::load(bytes, [] { return std::make_unique<online::SeenIds>(16); }); break;
    case 4: fuzz::load(bytes, [] { return std::make_unique<fuzz::Validation>(); }); break;
    case 5: fuzz::check_blender(bytes); break;
    default: fuzz::check_part(bytes, choice - 6);
  }
  return 0;
}
