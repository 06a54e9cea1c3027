// A server with express-session and connect-pg-simple, as an application with Passport uses them: the user is in `passport.user`.
// GET /session answers the session, POST /sign-in?user=ID begins one, POST /keep?basket=WORD writes a key of its own, POST
// /sign-out ends it. The environment says SECRETS (a JSON list), DATABASE and SCHEMA. The port is printed.

import { createServer } from "node:http";
import connectPgSimple from "connect-pg-simple";
import session from "express-session";
import pg from "pg";

const Store = connectPgSimple(session);
const store = new Store({
  pool: new pg.Pool({ connectionString: process.env.DATABASE, max: 2 }),
  schemaName: process.env.SCHEMA,
  pruneSessionInterval: false,
});
const withSession = session({
  store,
  secret: JSON.parse(process.env.SECRETS),
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 3_600_000, sameSite: "lax" },
});

const server = createServer((request, response) => {
  withSession(request, response, (failure) => {
    const url = new URL(request.url, "http://node");
    const answer = (failure) => {
      response.statusCode = failure ? 500 : 200;
      response.end(JSON.stringify(failure ? { error: String(failure) } : (request.session ?? null)));
    };
    if (failure) return answer(failure);
    switch (`${request.method} ${url.pathname}`) {
      case "POST /sign-in":
        return request.session.regenerate((failure) => {
          if (failure) return answer(failure);
          request.session.passport = { user: url.searchParams.get("user") };
          request.session.save(answer);
        });
      case "POST /keep":
        request.session.basket = url.searchParams.get("basket");
        return request.session.save(answer);
      case "POST /sign-out":
        return request.session.destroy(answer);
      default:
        return answer();
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
// The test ends it by closing its input.
process.stdin.resume().on("end", () => process.exit());
