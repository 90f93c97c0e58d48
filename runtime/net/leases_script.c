/* SPDX-License-Identifier: MIT */
#include "leases.h"
#include "text.h"

#include <openssl/sha.h>
#include <string.h>

/*
 * KEYS: the log's numbers; slots that come back, by moment, as "count:unique:refused" (and those of the last two
 * seconds, which are back); holders, as "out number seen due"; the moments at which holders count as dead. All times are
 * microseconds of the server's clock. Whoever changes what is kept changes the keys' names (leases.c).
 * ARGV: see uvrest__leases_ask().
 */
static const char reports[] =
    "local state, back, holders, deaths = KEYS[1], KEYS[2], KEYS[3], KEYS[4]\n"
    "local me, seq, epoch, fresh, known = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5] == '1'\n"
    "local arg = {}\n"
    "for i = 6, #ARGV do arg[i] = tonumber(ARGV[i]) end\n"
    "local elapsed, guard, slots, window, life = arg[6], arg[7], arg[8], arg[9], arg[10]\n"
    "local horizon, interval, pause, out, want, keep = arg[11], arg[12], arg[13], arg[14], arg[15], arg[16]\n"
    "local seen, age, refused = arg[17], arg[18], arg[19]\n"
    "local s = {}\n"
    "local flat = redis.call('HGETALL', state)\n"
    "for i = 1, #flat, 2 do s[flat[i]] = flat[i + 1] end\n"
    "local function number(name) return tonumber(s[name] or 0) end\n"
    "local function text(n) return string.format('%.0f', n) end\n"
    "local held, total, made, uncounted = number('held'), number('out'), number('made'), number('uncounted')\n"
    /* The clock does not go back. */
    "local time = redis.call('TIME')\n"
    "local clock = tonumber(time[1]) * 1000000 + tonumber(time[2])\n"
    "local now = math.max(clock + number('offset'), number('last'))\n"
    "local function give_back(at, n, r)\n"
    "  if n <= 0 and r == 0 or at <= now then return end\n"
    "  made = made + 1\n"
    "  redis.call('ZADD', back, text(at), text(n) .. ':' .. text(made) .. ':' .. text(r))\n"
    "  held, uncounted = held + n, uncounted + r\n"
    "end\n"
    "local function sum(from, to)\n"
    "  local n, r = 0, 0\n"
    "  for _, member in ipairs(redis.call('ZRANGEBYSCORE', back, from, to)) do\n"
    "    local slots_of, refused_of = string.match(member, '^(%d+):%d+:(%d+)$')\n"
    "    n, r = n + tonumber(slots_of), r + tonumber(refused_of)\n"
    "  end\n"
    "  return n, r\n"
    "end\n"
    "local function holder(id)\n"
    "  local record = redis.call('HGET', holders, id)\n"
    "  if not record then return nil end\n"
    "  local o, q, seen, due = string.match(record, '^(%d+) (%d+) (%d+) (%d+)$')\n"
    "  return {out = tonumber(o), seq = tonumber(q), seen = tonumber(seen), due = tonumber(due)}\n"
    "end\n"
    /* Nor further ahead than a holder's own clock can explain. */
    "local mine = holder(me)\n"
    "local again = mine and mine.seq == seq\n"
    "if mine and (again or mine.seq + 1 == seq) then\n"
    "  now = math.max(math.min(now, mine.seen + elapsed + guard), number('last'))\n"
    "end\n"
    /* What is back by now. */
    "local n, r = sum('(' .. text(number('last')), text(now))\n"
    "held, uncounted = held - n, uncounted - r\n"
    "if n > 0 then s.full = '0' end\n"
    "redis.call('ZREMRANGEBYSCORE', back, '-inf', text(now - 2000000))\n"
    /* The dead: nothing of theirs is under way any more since that moment. */
    "local dead = redis.call('ZRANGEBYSCORE', deaths, '-inf', text(now), 'WITHSCORES')\n"
    "for i = 1, #dead, 2 do\n"
    "  local one = holder(dead[i])\n"
    "  if one then\n"
    "    total = total - one.out\n"
    "    give_back(tonumber(dead[i + 1]) + window, one.out, 0)\n"
    "    redis.call('HDEL', holders, dead[i])\n"
    "  end\n"
    "  redis.call('ZREM', deaths, dead[i])\n"
    "  if dead[i] == me then mine, again = nil, nil end\n"
    "end\n"
    /* What the holder reports. */
    "local kept = window + life + 60000000\n"
    "local forgot = (epoch ~= '0' and epoch ~= s.epoch and elapsed < kept) or (known and not mine) or\n"
    "  (mine and not again and mine.seq + 1 ~= seq)\n"
    "local had, due, reported = 0, 0, 0\n"
    "if mine then had, due = mine.out, mine.due end\n"
    "if not again then\n"
    "  for i = 20, #ARGV, 2 do\n"
    "    give_back(now + 1 - arg[i] + window, arg[i + 1], 0)\n"
    "    reported = reported + arg[i + 1]\n"
    "  end\n"
    "  give_back(now + window - elapsed, 0, refused)\n"
    "end\n"
    "give_back(due, had - out - reported, 0)\n"
    "total = total + out - had\n"
    "if not s.epoch then s.epoch = fresh end\n"
    "if forgot and now - number('filled') >= elapsed then\n"
    "  give_back(now + window, slots - held - total, 0)\n"
    "  s.filled = text(now)\n"
    "end\n"
    /* Others, by what the API has counted of everybody: less all that may be ours, and not more than it less what must
     * be ours, as sure as no request takes a second, or a quarter of the window, to be counted. */
    "local others = number('others')\n"
    "if seen >= 0 and age < math.min(2000000, window / 4) then\n"
    "  local function counted(from, to)\n"
    "    local n, r = sum(from, to)\n"
    "    return n - r\n"
    "  end\n"
    "  local answered = held - uncounted\n"
    "  local most = answered + total + counted(text(now - age), text(now))\n"
    "  local least = answered - counted('(' .. text(now), text(now + math.min(1000000, window / 4))) -\n"
    "    counted('(' .. text(now - age + window), '+inf')\n"
    "  others = math.max(seen - most, math.min(others, seen - least), 0)\n"
    "  s.looked, s.full = text(now), seen < slots and '0' or '1'\n"
    "elseif now - number('looked') > window then\n"
    "  others = 0\n"
    "end\n";

static const char grants[] =
    /* One pause for all, ended by one of them, who sends one at a time. */
    "local paused, stop, wait = -1, number('pause'), -1\n"
    "if pause > 0 then\n"
    "  stop = math.max(stop, now + pause)\n"
    "  s.prober, s.probed = me, '0'\n"
    "elseif pause < 0 and s.prober == me then\n"
    "  stop = 0\n"
    "end\n"
    "if stop > now then\n"
    "  paused, want = stop - now, 0\n"
    "elseif stop > 0 then\n"
    "  local probed = number('probed')\n"
    "  if s.prober ~= me and now < math.max(stop, probed) + 5000000 and\n"
    "    redis.call('HEXISTS', holders, s.prober) == 1 then\n"
    "    paused, want = 200000, 0\n"
    "  elseif now < probed + 1000000 then\n"
    "    paused, want, wait = 0, 0, 200000\n"
    "  else\n"
    "    s.prober, paused, want = me, 0, math.min(want, 1)\n"
    "    if want > 0 then s.probed = text(now) end\n"
    "  end\n"
    "end\n"
    /* Grants: what is free, then what comes back within the horizon; with a pace each slot in its turn. */
    "local pace, turn = math.max(number('pace'), interval), number('turn')\n"
    "local left, granted, grants = slots - held - total - keep, 0, {}\n"
    /* What others use is left to them, and what they may take until the API's count tells. */
    "local theirs = others > 2 and others + math.floor(math.min(others / 8, slots / 80) + slots / 100) or 0\n"
    "local free = left - theirs\n"
    /* One goes out to see whether they are still there, unless the API had nothing left and nothing came back since. */
    "if left > 0 and total == 0 and s.full ~= '1' then free = math.max(free, 1) end\n"
    "local function grant(n, at)\n"
    "  local given = 0\n"
    "  while given < n and #grants < 128 do\n"
    "    local from, count = at, n - given\n"
    "    if pace > 0 then\n"
    "      from, count = math.max(at, turn), 1\n"
    "      if from > now + horizon then break end\n"
    "      turn = from + pace\n"
    "    end\n"
    "    grants[#grants + 1] = count\n"
    "    grants[#grants + 1] = from - now\n"
    "    if from > due then due = from end\n"
    "    given = given + count\n"
    "  end\n"
    "  granted, want, free = granted + given, want - given, free - given\n"
    "  return given\n"
    "end\n"
    "if want > 0 and free > 0 then grant(math.min(want, free), now) end\n"
    "if want > 0 then\n"
    "  wait = 20000\n"
    "  local coming = redis.call('ZRANGEBYSCORE', back, '(' .. text(now), '+inf', 'WITHSCORES', 'LIMIT', 0, slots)\n"
    "  for i = 1, #coming, 2 do\n"
    "    local at, n = tonumber(coming[i + 1]), tonumber(string.match(coming[i], '^%d+'))\n"
    "    if want == 0 or #grants >= 128 then break end\n"
    "    free = free + n\n"
    "    if free > 0 and at > now + horizon then\n"
    "      wait = math.max(at - now - horizon / 2, 1000)\n"
    "      break\n"
    "    end\n"
    "    if free > 0 then\n"
    "      local given = grant(math.min(want, free, n), at)\n"
    "      held = held - given\n"
    "      if given > 0 then\n"
    "        redis.call('ZREM', back, coming[i])\n"
    "        if given < n then\n"
    "          redis.call('ZADD', back, coming[i + 1], text(n - given) .. string.match(coming[i], ':.*'))\n"
    "        end\n"
    "      end\n"
    "      if given < math.min(n, want) then break end\n"
    "    end\n"
    "  end\n"
    "end\n"
    "total = total + granted\n"
    /* What is left behind. */
    "redis.call('HSET', holders, me, text(out + granted) .. ' ' .. text(seq) .. ' ' .. text(now) .. ' ' .. text(due))\n"
    "redis.call('ZADD', deaths, text(now + life), me)\n"
    "redis.call('HSET', state, 'epoch', s.epoch, 'offset', text(now - clock), 'last', text(now), 'held', text(held),\n"
    "  'out', text(total), 'made', text(made), 'filled', s.filled or '0', 'pause', text(stop),\n"
    "  'prober', s.prober or '', 'probed', s.probed or '0', 'pace', text(pace), 'turn', text(turn),\n"
    "  'uncounted', text(uncounted), 'others', text(others), 'looked', s.looked or '0', 'full', s.full or '0')\n"
    "for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], text(math.ceil(kept / 1000))) end\n"
    "local answer = {tonumber(s.epoch), paused, wait, held + total, made}\n"
    "for _, n in ipairs(grants) do answer[#answer + 1] = n end\n"
    "return answer\n";

uvrest_status uvrest__leases_add_script(uvrest__buf *out)
{
    uvrest__buf_append_text(out, reports); /* two, since a compiler need not take a longer literal */
    uvrest__buf_append_text(out, grants);
    return out->status;
}

void uvrest__leases_script_name(const uvrest__buf *script, char out[UVREST__LEASES_SCRIPT_NAME])
{
    uint8_t sum[SHA_DIGEST_LENGTH] = {0};
    (void)SHA1((const unsigned char *)uvrest__buf_text(script), script->len, sum);
    uvrest__text_write_hex(out, sum, sizeof sum);
}
