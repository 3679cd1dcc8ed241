// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/visible.h"

#include <utility>

#include "serve/routing/json.h"
#include "serve/routing/respond_once.h"

namespace freshet::serve {

void when_visible(const EndpointContext& context, const Positions& wanted, std::shared_ptr<Executor> executor,
                  Respond respond, std::function<void(const Respond&)> work, ApiResponse late) {
  const auto once = std::make_shared<RespondOnce>(std::move(respond));
  Watermark& visible = context.services.visible;
  const Watermark::WaiterId waiter = visible.wait_for(wanted, [once, executor, work = std::move(work)] {
    if (const Respond answer = once->take()) executor->post([answer, work] { work(answer); });
  });
  if (waiter == 0) return;
  executor->post_after(context.options.after_timeout, [&visible, waiter, once, late = std::move(late)] {
    visible.cancel(waiter);
    once->give(late);
  });
}

void after_visible(const EndpointContext& context, const std::optional<Positions>& after,
                   std::shared_ptr<Executor> executor, Respond respond, std::function<void(const Respond&)> work) {
  if (!after) return work(respond);
  when_visible(context, *after, std::move(executor), std::move(respond), std::move(work),
               problem(412, "after: that position is not visible yet"));
}

}  // namespace freshet::serve
