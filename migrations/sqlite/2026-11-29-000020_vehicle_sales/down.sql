DROP TABLE vehicle_sales;
