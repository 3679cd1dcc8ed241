// SPDX-License-Identifier: Apache-2.0
// Counts allocations: an executable of its own, because it replaces operator new.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "online/all_parts.h"
#include "online/model/model.h"
#include "online/model/session.h"
#include "online/parts/neural/lstm_part.h"
#include "tests/support/chosen_items.h"
#include "tests/support/item_changes.h"
#include "tests/support/synthetic_stream.h"

namespace {

thread_local std::size_t allocations = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  size = (size + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, size == 0 ? alignment : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace freshet::online {
namespace {

TEST(Queries, OfTheDefaultPartsAllocateNothingOnceWarm) {
  Options options(all_parts());
  options.max_items = 200;
  options.part<LstmOptions>().batch_examples = 16;
  Model model(options, make_parts(options));
  for (std::uint64_t n = 0; n < 60; ++n) {  // without a catalogue, content does not take part
    Item item;
    item.item = testing::numbered("item-", n);
    item.title = testing::numbered("A book of poems ", n % 7);
    item.categories = {testing::numbered("shelf-", n % 5)};
    model.learn(testing::item_record({}, testing::put_of(std::move(item))).event);
  }
  for (const Event& event : testing::synthetic_stream(3, {.events = 3000})) model.learn(event);

  std::vector<Context> contexts;
  for (std::uint64_t n = 0; n < 50; ++n) {
    Context context;
    context.now = model.stream_time();
    if (n % 2 == 0) context.user_key = IdHash{}.owner(Owner::Kind::user, testing::numbered("user-", n));
    context.session_key = context.user_key;
    for (std::uint64_t i = 0; i < n % 15; ++i) {
      const ItemIndex item = model.vocabulary().find(testing::numbered("item-", (n * 7 + i * i) % 60));
      if (item != kNoItem && item != context.last_item()) context.session.push_back({item, context.now});
    }
    contexts.push_back(std::move(context));
  }

  Random random(1);
  const testing::ChosenItems tenth(options.max_items, 0.1, random);
  Ranking ranking;
  const auto allocations_of_a_round = [&] {
    const auto snapshot = model.publish({});
    std::vector<const Scorer*> parts;
    for (const auto& part : snapshot->parts) parts.push_back(part.get());
    EXPECT_EQ(parts.size(), options.parts.size());
    const std::size_t before = allocations;
    for (const Context& context : contexts) {
      ask(parts, context, ranking);
      for (const AllowedItems* allowed : std::initializer_list<const AllowedItems*>{nullptr, &tenth}) {
        propose(parts, options.blender.candidates_per_part, allowed, ranking);
        extract_features(parts, ranking);
        blend_with_share(*snapshot->blender, {.first = 0, .count = 1}, 0.5, ranking);
        blend(*snapshot->blender, ranking);
      }
    }
    return allocations - before;
  };
  EXPECT_GT(allocations_of_a_round(), 0U);
  EXPECT_EQ(allocations_of_a_round(), 0U) << "a newer snapshot, the same ranking";
}

}  // namespace
}  // namespace freshet::online
