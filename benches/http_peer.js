// The peer of http_reads.py: Express 4 and Sequelize 6 over the same table, answering the same two questions as one writes it there.
//
//     node benches/http_peer.js postgres://HOST/DATABASE    # from a folder with express, sequelize and pg; prints its port
const { createRequire } = require("module");
const load = createRequire(process.cwd() + "/");
const express = load("express");
const { Sequelize, DataTypes, Op } = load("sequelize");

const { TEXT, INTEGER, BOOLEAN, DECIMAL, JSONB, DATE, UUID } = DataTypes;
const columns = {
  id: UUID, status: TEXT, featured: BOOLEAN, year: INTEGER, make: TEXT, model: TEXT, trim: TEXT, vin: TEXT, stock_number: TEXT,
  price: DECIMAL(10, 2), cost: DECIMAL(10, 2), msrp: DECIMAL(10, 2), mileage: INTEGER, exterior_color: TEXT, interior_color: TEXT,
  transmission: TEXT, engine: TEXT, fuel_type: TEXT, drivetrain: TEXT, body_style: TEXT, doors: INTEGER, mpg_city: INTEGER,
  mpg_highway: INTEGER, description: TEXT, features: JSONB, images: JSONB, thumbnail: TEXT, condition: TEXT, title_status: TEXT,
  owners: INTEGER, accidents: INTEGER, service_records: BOOLEAN, warranty: TEXT, carfax_url: TEXT, autocheck_url: TEXT,
  source_submission_id: UUID, created_by: UUID, updated_by: UUID, listed_at: DATE, sold_at: DATE, created_at: DATE, updated_at: DATE,
};
const hidden = ["cost", "source_submission_id", "created_by", "updated_by", "sold_at", "created_at", "updated_at"];

const sequelize = new Sequelize(process.argv[2], { logging: false, pool: { max: 8, min: 8 } });
const fields = Object.entries(columns).map(([name, type]) => [name, { type, primaryKey: name === "id" }]);
const Inventory = sequelize.define("inventory", Object.fromEntries(fields), { tableName: "inventory", timestamps: false });

const app = express();
const listed = { status: { [Op.in]: ["available", "pending", "hold"] } };
app.get("/api/inventory", async (request, response, next) => {
  try {
    const limit = Math.min(Number(request.query.limit) || 50, 500);
    const items = await Inventory.findAll({
      where: listed, attributes: { exclude: hidden }, order: [["listed_at", "DESC"], ["id", "DESC"]], limit,
    });
    response.json({ items });
  } catch (error) { next(error); }
});
app.get("/api/inventory/:id", async (request, response, next) => {
  try {
    const item = await Inventory.findOne({ where: { id: request.params.id, ...listed }, attributes: { exclude: hidden } });
    if (item) response.json(item); else response.status(404).end();
  } catch (error) { next(error); }
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
