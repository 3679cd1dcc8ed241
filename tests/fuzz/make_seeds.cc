// SPDX-License-Identifier: Apache-2.0
// Writes inputs for the fuzzers of binary formats into DIRECTORY/<fuzzer>/: what the encoders make today. They are made
// when they are needed, so that a change of a format cannot leave the corpus stale.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "online/model/blender.h"
#include "online/model/learner_checkpoint.h"
#include "online/model/seen_ids.h"
#include "online/model/session.h"
#include "online/model/vocabulary.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "tests/fuzz/small_model.h"
#include "tests/support/part_driver.h"

namespace freshet::fuzz {
namespace {

using testing::saved;

std::filesystem::path root;

void write(const std::string& fuzzer, const std::string& name, char choice, const std::string& bytes) {
  std::filesystem::create_directories(root / fuzzer);
  std::ofstream(root / fuzzer / name, std::ios::binary) << choice << bytes;
}

std::string progressive_state() {
  const std::vector<std::size_t> parts{0, 1, 2};
  std::string bytes;
  ByteWriter out(bytes);
  online::ProgressiveValidation(parts.size()).save(out, parts);
  return bytes;
}

void write_store_seeds() {
  const Position position{3, 77};
  const Timestamp time = timestamp_from_ms(1'700'000'000'000);
  write("store_keys", "history", 0, store::encode_history_key({{Owner::Kind::session, "s1"}, time, position}));
  write("store_keys", "position", 1, store::encode_position(position));
  write("store_keys", "offset", 2, store::encode_offset(77));
  Event event{EventKind::interaction, "id", "user", "session", "item", "view", time, 2.5F, "request", R"({"a":1})"};
  write("store_values", "event", 0, store::encode_event_value(event));
  Item item;
  item.item = "item";
  item.title = "title";
  item.text = "text";
  item.categories = {"a", "b"};
  item.price = 9.5;
  item.available = false;
  item.time = time;
  item.attributes = {{"big", JsonText{"[1]"}},
                     {"brand", "x"},
                     {"list", std::vector<std::string>{"y"}},
                     {"new", true},
                     {"size", 2.5},
                     {"when", time}};
  item.vectors = {{"image", {0.5F, 1.0F}}};
  item.relations = {{"series", {"s"}}};
  write("store_values", "item", 1, store::encode_item(item));
  write("store_values", "dedupe", 2, store::encode_dedupe({time, position}));
  const Owner user{Owner::Kind::user, "user"}, session{Owner::Kind::session, "session"};
  write("store_values", "erasure", 3, store::encode_erasure({user, {{0, 78}}, {user, session}}));
  write("store_values", "erasure_of_partitions", 3, store::encode_erasure({user, {{0, 78}, {3, 1}}, {user, session}}));
  write("store_values", "journal", 4, store::encode_journal_value({77, time, "key", "value"}));
  write("store_values", "erased", 4, store::encode_journal_value({77, time, "", "", true}));
  RejectedRecord rejected{position, time, "item: missing", "key", "{}", {{"ce_id", "1"}, {"ce_source", "/s"}}};
  write("store_values", "rejected", 5, store::encode_rejected(rejected));
  ServedList list{"request", "first", "home", "a", "softmax", 17, {{"item", 1.5F}, {"other", 1.25F, 0.5F}}};
  write("store_values", "served", 6, store::encode_served_list(list));
}

void write_checkpoint_seeds() {
  const online::Options options = small_options();
  for (const std::uint64_t events : {0U, 3U, 40U}) {
    const std::string suffix = "_" + std::to_string(events);
    auto model = small_model();
    online::Vocabulary vocabulary(options.max_items);
    online::SessionTracker sessions(options);
    online::SeenIds seen(options.dedupe_ids);
    auto parts = small_parts();
    for (std::uint64_t i = 0; i < events; ++i) {
      const Event event = small_event(i);
      model->learn(event);
      if (event.kind == EventKind::erase) continue;
      const auto item = vocabulary.observe(event.item, event.time).item;
      const online::OwnerKey key = online::IdHash{}.user(event.user);
      const auto& before = sessions.before(key, key, event.time);
      const online::Interaction interaction{item, 1.0F, event.time, before.session.empty(), key, key, event.user};
      if (item != before.last_item()) {
        for (const auto& part : parts) part->observe(before, interaction);
      }
      sessions.append(interaction);
      seen.insert(online::IdHash{}.event(event.id));
    }
    write("checkpoint", "model" + suffix, 0, online::encode_checkpoint({{0, 7}, {2, 9}}, *model));
    write("checkpoint", "vocabulary" + suffix, 1, saved(vocabulary));
    write("checkpoint", "sessions" + suffix, 2, saved(sessions));
    write("checkpoint", "seen" + suffix, 3, saved(seen));
    for (std::size_t part = 0; part < parts.size(); ++part) {
      write("checkpoint", std::string(parts[part]->live().name()) + suffix, static_cast<char>(6 + part),
            saved(*parts[part]));
    }
  }
  const online::Model of_0_1_0(options, small_parts(), online::IdHash::without_key());
  write("checkpoint", "model_without_key", 0, online::encode_checkpoint({{0, 7}}, of_0_1_0));
  write("checkpoint", "progressive", 4, progressive_state());
  const std::vector<std::size_t> own{0, 3};
  write("checkpoint", "blender", 5, saved(online::Blender(5, own, options.blender, 1)));
  write("checkpoint_file", "bytes", 'F', "RSHCKPT and then something");
}

}  // namespace
}  // namespace freshet::fuzz

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: fuzz_make_seeds DIRECTORY\n"), 2;
  freshet::fuzz::root = arguments[1];
  freshet::fuzz::write_store_seeds();
  freshet::fuzz::write_checkpoint_seeds();
  return 0;
}
